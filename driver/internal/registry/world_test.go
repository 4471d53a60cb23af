package registry

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// world is a registry, which is reached by every name, and a host that reads from it.
type world struct {
	*Reader
	t      *testing.T
	server *httptest.Server
	mutex  sync.Mutex
	// requests are those that came, as in "HEAD app/manifests/1".
	requests []string
}

// newWorld has a registry of go-containerregistry behind guard, which answers in its place where it returns true.
func newWorld(t *testing.T, guard func(http.ResponseWriter, *http.Request) bool) *world {
	t.Helper()
	w := &world{t: t}
	real := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	w.server = httptest.NewTLSServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodHead || request.Method == http.MethodGet {
			w.mutex.Lock()
			w.requests = append(w.requests, request.Method+" "+strings.TrimPrefix(request.URL.Path, "/v2/"))
			w.mutex.Unlock()
			if guard != nil && guard(answer, request) {
				return
			}
		}
		real.ServeHTTP(answer, request)
	}))
	t.Cleanup(w.server.Close)
	trusting := w.server.Client().Transport.(*http.Transport).Clone()
	trusting.TLSClientConfig = &tls.Config{RootCAs: trusting.TLSClientConfig.RootCAs, ServerName: "example.com"}
	trusting.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, w.server.Listener.Addr().String())
	}
	w.Reader = &Reader{
		Transport: trusting, Limit: DefaultLimit, Kept: KeptIn(t.TempDir()), Log: slog.New(slog.DiscardHandler),
		Job: func(string) []auth.Credential { return nil },
		ECR: func(context.Context, ECRAddress) (auth.Credential, error) { return auth.EmptyCredential, nil },
	}
	return w
}

// asked returns the requests since the last call.
func (w *world) asked() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	all := strings.Join(w.requests, ", ")
	w.requests = nil
	return all
}

// one reads one image for linux/amd64.
func (w *world) one(image string) Found {
	return w.ReadAll(w.t.Context(), []Wanted{{Image: image, Architecture: "amd64"}})[0]
}

func (w *world) send(method, path, kind string, content []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+"/v2/"+path, strings.NewReader(string(content)))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	answer, err := w.server.Client().Do(request)
	if err != nil || answer.StatusCode >= http.StatusMultipleChoices {
		w.t.Fatal(method, path, answer, err)
	}
	_ = answer.Body.Close()
}

// push puts an image with this config there, and returns what an index has of it.
func (w *world) push(repository, tag, architecture string, config ocispec.ImageConfig) ocispec.Descriptor {
	w.t.Helper()
	platform := ocispec.Platform{OS: "linux", Architecture: architecture}
	content := marshal(w.t, ocispec.Image{Platform: platform, Config: config})
	id := digest.FromBytes(content)
	w.send(http.MethodPost, repository+"/blobs/uploads/?digest="+url.QueryEscape(id.String()), "application/octet-stream", content)
	manifest := ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest, Config: ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageConfig, Digest: id, Size: int64(len(content)),
	}}
	manifest.SchemaVersion = 2
	content = marshal(w.t, manifest)
	w.send(http.MethodPut, repository+"/manifests/"+tag, manifest.MediaType, content)
	return ocispec.Descriptor{
		MediaType: manifest.MediaType, Digest: digest.FromBytes(content), Size: int64(len(content)), Platform: &platform,
	}
}

func (w *world) pushIndex(repository, tag string, manifests ...ocispec.Descriptor) {
	w.t.Helper()
	index := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: manifests}
	index.SchemaVersion = 2
	w.send(http.MethodPut, repository+"/manifests/"+tag, index.MediaType, marshal(w.t, index))
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// lock lets in whoever has the password of a user, as the bearer of a token that the registry gives for it, and nobody
// without any. By basic, the registry takes the password itself.
func lock(user, password string, basic bool) func(http.ResponseWriter, *http.Request) bool {
	return func(answer http.ResponseWriter, request *http.Request) bool {
		name, given, _ := request.BasicAuth()
		opens := name == user && given == password
		switch {
		case request.URL.Path == "/token" && opens:
			_, _ = io.WriteString(answer, `{"token": "opens"}`)
		case request.URL.Path == "/token":
			_, _ = io.WriteString(answer, `{"token": "opens nothing"}`)
		case basic && opens, !basic && request.Header.Get("Authorization") == "Bearer opens":
			return false
		default:
			challenge := fmt.Sprintf(`Bearer realm="https://%s/token",service="registry",scope="repository:x:pull"`, request.Host)
			if basic {
				challenge = `Basic realm="ecr",service="ecr.amazonaws.com"`
			}
			answer.Header().Set("Www-Authenticate", challenge)
			answer.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(answer, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
		}
		return true
	}
}
