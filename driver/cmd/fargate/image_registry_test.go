package main

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"gitlab-fargate-runners/driver/internal/registry"
	"gitlab-fargate-runners/driver/internal/registrytest"
	"gitlab-fargate-runners/driver/internal/stage"
)

// read lets the driver read images from a registry.
func (w *imaged) read(limit time.Duration) *registrytest.Server {
	server := registrytest.Start(w.t)
	adapt := w.adapt
	w.adapt = func(driver *stage.Driver) {
		adapt(driver)
		driver.Registry = &registry.Reader{
			Transport: server.Transport, Limit: limit, Log: slog.New(slog.DiscardHandler),
			Kept: registry.KeptIn(driver.Config.TaskMetadata.Directory),
			Job:  registry.OfJob(driver.Job, driver.Log),
		}
	}
	return server
}

func TestAnImageIsReadBeforeItsTask(t *testing.T) {
	w := newImaged(t, `"node:*"`)
	server := w.read(registry.DefaultLimit)
	server.Push("library/node", "24", "amd64", ocispec.ImageConfig{User: "node"})
	prepared := w.must(0, "prepare")
	if !strings.Contains(prepared.stdout, "The job's image is node:24, by task definition ci-image-") {
		t.Errorf("prepare says\n%s", prepared.stdout)
	}
	// The look at the configured definition is one of the two that there were before.
	if got := w.ecs.Calls("DescribeTaskDefinition"); got != 2 {
		t.Errorf("%d looks at task definitions", got)
	}
	if got := server.Asked(); !strings.HasPrefix(got, "HEAD library/node/manifests/24, GET ") {
		t.Errorf("asked %s", got)
	}
	w.must(0, "cleanup")
}

func TestImagesThatTheirRegistryDoesNotHave(t *testing.T) {
	foreign := func(server *registrytest.Server) {
		one := server.Push("library/node", "arm", "arm64", ocispec.ImageConfig{})
		server.PushIndex("library/node", "24", one)
	}
	closed := func(server *registrytest.Server) {
		server.Push("library/node", "24", "amd64", ocispec.ImageConfig{})
		server.Guard = func(answer http.ResponseWriter, request *http.Request) bool {
			if user, password, _ := request.BasicAuth(); user == "me" && password == "secret" {
				return false
			}
			answer.Header().Set("Www-Authenticate", `Basic realm="r"`)
			answer.WriteHeader(http.StatusUnauthorized)
			return true
		}
	}
	for name, test := range map[string]struct {
		fill func(*registrytest.Server)
		auth string
		want string
	}{
		"a tag that there is not": {func(server *registrytest.Server) {
			server.Push("library/node", "26", "amd64", ocispec.ImageConfig{})
		}, "", `ERROR: the job's image node:24 is not there: registry-1.docker.io answers "manifest unknown: Unknown manifest"` +
			"\nHint: Check its name and tag"},
		"another platform": {foreign, "", "ERROR: the job's image node:24 is not for linux/amd64, which the task is: it is for linux/arm64"},
		"open to the job alone": {closed, `{"auths": {"https://index.docker.io/v1/": {"username": "me", "password": "secret"}}}`,
			"ERROR: the job's image node:24 cannot be pulled: registry-1.docker.io lets in nobody but the job's own credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newImaged(t, `"node:*"`)
			test.fill(w.read(registry.DefaultLimit))
			w.job(map[string]any{"id": 7, "token": "jobtok-7", "image": map[string]any{"name": "node:24"},
				"variables": []any{map[string]any{"key": "DOCKER_AUTH_CONFIG", "value": test.auth}}})
			got := w.must(buildFailure, "prepare")
			if !strings.Contains(got.stderr, test.want) || strings.Contains(got.stdout+got.stderr, "secret") {
				t.Errorf("stderr: %s\nstdout: %s", got.stderr, got.stdout)
			}
			for _, call := range []string{"RunTask", "RegisterTaskDefinition", "ListTasks", "StopTask"} {
				if calls := w.ecs.Calls(call); calls != 0 {
					t.Errorf("%d calls of %s", calls, call)
				}
			}
			w.must(0, "cleanup")
		})
	}
}

// What the host cannot read is the pull's to say.
func TestImagesThatTheHostCannotRead(t *testing.T) {
	answers := func(status int) func(http.ResponseWriter, *http.Request) bool {
		return func(answer http.ResponseWriter, _ *http.Request) bool {
			answer.WriteHeader(status)
			return true
		}
	}
	for name, guard := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"refused": answers(http.StatusForbidden), "unknown by somebody else": answers(http.StatusNotFound),
		"broken": answers(http.StatusInternalServerError), "limited": answers(http.StatusTooManyRequests),
		"unreachable": func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
		"silent": func(_ http.ResponseWriter, request *http.Request) bool {
			<-request.Context().Done()
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newImaged(t, `"node:*"`)
			w.read(100 * time.Millisecond).Guard = guard
			if got := w.must(0, "prepare"); got.stderr != "" {
				t.Errorf("stderr: %s", got.stderr)
			}
			w.must(0, "cleanup")
		})
	}
}

func TestWhoReadsRegistries(t *testing.T) {
	for text, want := range map[string]bool{"": true, "ReadRegistries = true": true, "ReadRegistries = false": false} {
		t.Run(text, func(t *testing.T) {
			w := newWorld(t)
			w.edit("\n[TaskMetadata]", text+"\n\n[TaskMetadata]")
			found := false
			w.adapt = func(driver *stage.Driver) { found = driver.Registry != nil }
			w.must(0, "prepare")
			if found != want {
				t.Errorf("the driver reads: %t", found)
			}
			w.must(0, "cleanup")
		})
	}
}
