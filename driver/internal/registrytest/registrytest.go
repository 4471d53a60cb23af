// Package registrytest is a registry of images for tests: the one of go-containerregistry, over TLS, which is reached by
// every name.
package registrytest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
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
)

// Server is the registry.
type Server struct {
	// URL is the server's own address.
	URL string
	// Transport reaches the server by every name.
	Transport http.RoundTripper
	// Guard, where it is set, answers what is read in the registry's place where it returns true.
	Guard func(http.ResponseWriter, *http.Request) bool

	t      *testing.T
	client *http.Client
	mutex  sync.Mutex
	// requests are those that came, as in "HEAD app/manifests/1".
	requests []string
}

// Start starts the registry, which ends with the test.
func Start(t *testing.T) *Server {
	t.Helper()
	s := &Server{t: t}
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewTLSServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodHead || request.Method == http.MethodGet {
			s.mutex.Lock()
			s.requests = append(s.requests, request.Method+" "+strings.TrimPrefix(request.URL.Path, "/v2/"))
			s.mutex.Unlock()
			if s.Guard != nil && s.Guard(answer, request) {
				return
			}
		}
		images.ServeHTTP(answer, request)
	}))
	t.Cleanup(server.Close)
	s.URL, s.client = server.URL, server.Client()
	trusting := s.client.Transport.(*http.Transport).Clone()
	trusting.TLSClientConfig = &tls.Config{RootCAs: trusting.TLSClientConfig.RootCAs, ServerName: "example.com"}
	trusting.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	s.Transport = trusting
	return s
}

// Asked returns the reading requests since the last call.
func (s *Server) Asked() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := strings.Join(s.requests, ", ")
	s.requests = nil
	return all
}

func (s *Server) send(method, path, kind string, content []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+"/v2/"+path, strings.NewReader(string(content)))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	answer, err := s.client.Do(request)
	if err != nil || answer.StatusCode >= http.StatusMultipleChoices {
		s.t.Fatal(method, path, answer, err)
	}
	_ = answer.Body.Close()
}

// Push puts an image with this config there, and returns what an index has of it.
func (s *Server) Push(repository, tag, architecture string, config ocispec.ImageConfig) ocispec.Descriptor {
	s.t.Helper()
	platform := ocispec.Platform{OS: "linux", Architecture: architecture}
	content := marshal(s.t, ocispec.Image{Platform: platform, Config: config})
	id := digest.FromBytes(content)
	s.send(http.MethodPost, repository+"/blobs/uploads/?digest="+url.QueryEscape(id.String()), "application/octet-stream", content)
	manifest := ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest, Config: ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageConfig, Digest: id, Size: int64(len(content)),
	}}
	manifest.SchemaVersion = 2
	content = marshal(s.t, manifest)
	s.send(http.MethodPut, repository+"/manifests/"+tag, manifest.MediaType, content)
	return ocispec.Descriptor{
		MediaType: manifest.MediaType, Digest: digest.FromBytes(content), Size: int64(len(content)), Platform: &platform,
	}
}

// PushIndex puts an index there.
func (s *Server) PushIndex(repository, tag string, manifests ...ocispec.Descriptor) {
	s.t.Helper()
	index := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: manifests}
	index.SchemaVersion = 2
	s.send(http.MethodPut, repository+"/manifests/"+tag, index.MediaType, marshal(s.t, index))
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
