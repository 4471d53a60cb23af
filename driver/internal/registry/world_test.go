package registry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"oras.land/oras-go/v2/registry/remote/auth"

	"gitlab-fargate-runners/driver/internal/registrytest"
)

// world is a registry, and a host that reads from it.
type world struct {
	*Reader
	*registrytest.Server
	t *testing.T
}

// newWorld has a registry behind guard.
func newWorld(t *testing.T, guard func(http.ResponseWriter, *http.Request) bool) *world {
	t.Helper()
	server := registrytest.Start(t)
	server.Guard = guard
	return &world{t: t, Server: server, Reader: &Reader{
		Transport: server.Transport, Limit: DefaultLimit, Kept: KeptIn(t.TempDir()), Log: slog.New(slog.DiscardHandler),
		Job: func(string) []auth.Credential { return nil },
		ECR: &ecr{},
	}}
}

// ecr is ECR's API, which was asked in some region.
type ecr struct {
	opens    auth.Credential
	prefixes []string
	denied   error
	hidden   error
	region   string
}

func (e *ecr) LogIn(_ context.Context, address ECRAddress) (auth.Credential, error) {
	e.region = address.Region
	return e.opens, e.denied
}

func (e *ecr) CachePrefixes(_ context.Context, address ECRAddress) ([]string, error) {
	e.region = address.Region
	return e.prefixes, e.hidden
}

// one reads one image for linux/amd64.
func (w *world) one(image string) Found {
	return w.ReadAll(w.t.Context(), []Wanted{{Image: image, Architecture: "amd64"}})[0]
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
			repository, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/v2/"), "/manifests/")
			repository, _, _ = strings.Cut(repository, "/blobs/")
			challenge := fmt.Sprintf(`Bearer realm="https://%s/token",service="registry",scope="repository:%s:pull"`, request.Host,
				repository)
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
