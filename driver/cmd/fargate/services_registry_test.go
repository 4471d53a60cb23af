package main

import (
	"context"
	"os"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"

	"gitlab-fargate-runners/driver/internal/registry"
	"gitlab-fargate-runners/driver/internal/registrytest"
	"gitlab-fargate-runners/driver/internal/stage"
)

func exposing(ports ...string) ocispec.ImageConfig {
	config := ocispec.ImageConfig{ExposedPorts: map[string]struct{}{}}
	for _, port := range ports {
		config.ExposedPorts[port+"/tcp"] = struct{}{}
	}
	return config
}

// A service is up when it takes a connection at a port that its image exposes.
func TestPortsOfServicesComeFromTheirImages(t *testing.T) {
	w := newServed(t)
	server := w.read(registry.DefaultLimit)
	up, down := listening(t), silent(t)
	server.Push("library/postgres", "18", "amd64", exposing(up))
	server.Push("library/redis", "8", "amd64", exposing(down, up))
	server.Push("acme/queue", "1", "amd64", exposing(down))
	w.edit("AllowedImages =", `WaitForServices = "1s"`+"\nAllowedImages =")
	w.served(nil, serviceOf("postgres:18"), serviceOf("redis:8"), serviceOf("acme/queue:1"))
	got := w.must(0, "prepare")
	for _, line := range []string{
		"acme/queue:1 probably didn't start properly",
		"took no connection at port " + down + " within 1s",
		"The services postgres:18 and redis:8 both name port " + up,
	} {
		if !strings.Contains(got.stdout, line) {
			t.Errorf("prepare does not say %q:\n%s", line, got.stdout)
		}
	}
	if strings.Contains(got.stdout, "postgres:18 probably") || strings.Contains(got.stdout, "redis:8 probably") {
		t.Errorf("prepare says\n%s", got.stdout)
	}
	w.must(0, "cleanup")
}

// The port that a job names counts more than those of the image.
func TestAPortThatTheJobNames(t *testing.T) {
	w := newServed(t)
	w.read(registry.DefaultLimit).Push("library/postgres", "18", "amd64", exposing(silent(t)))
	w.served(nil, serviceOf("postgres:18", variablesOf("HEALTHCHECK_TCP_PORT", listening(t))))
	if got := w.must(0, "prepare"); strings.Contains(got.stdout, "probably didn't start") {
		t.Errorf("prepare says\n%s", got.stdout)
	}
	w.must(0, "cleanup")
}

func TestAServiceThatItsRegistryDoesNotHave(t *testing.T) {
	w := newServed(t)
	w.read(registry.DefaultLimit).Push("library/postgres", "18", "amd64", ocispec.ImageConfig{})
	w.served(nil, serviceOf("postgres:18"), serviceOf("redis:81"))
	got := w.must(buildFailure, "prepare")
	if want := "ERROR: the service redis:81 is not there: registry-1.docker.io answers"; !strings.Contains(got.stderr, want) {
		t.Errorf("stderr: %s", got.stderr)
	}
	if calls := w.ecs.Calls("RunTask"); calls != 0 {
		t.Errorf("%d tasks were started", calls)
	}
	w.must(0, "cleanup")
}

// caching is an ECR whose pull-through cache fills repositories below hub.
type caching struct{}

func (caching) LogIn(context.Context, registry.ECRAddress) (auth.Credential, error) {
	return auth.EmptyCredential, nil
}

func (caching) CachePrefixes(context.Context, registry.ECRAddress) ([]string, error) {
	return []string{"hub"}, nil
}

// What takes a registry's place is read in its stead, and may still bring the image.
func TestAnImageIsReadWhereItIsPulledFrom(t *testing.T) {
	const cache = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/hub"
	for name, push := range map[string]func(*registrytest.Server){
		"cached": func(server *registrytest.Server) {
			server.Push("hub/library/node", "24", "amd64", ocispec.ImageConfig{})
		},
		"not cached yet": func(*registrytest.Server) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newImaged(t, `"node:*"`)
			server := w.read(registry.DefaultLimit)
			push(server)
			adapt := w.adapt
			w.adapt = func(driver *stage.Driver) {
				adapt(driver)
				driver.Registry.(*registry.Reader).ECR = caching{}
			}
			w.edit("AllowedImages =", `Registries = {"docker.io" = {PullFrom = "`+cache+`"}}`+"\nAllowedImages =")
			if got := w.must(0, "prepare"); !strings.Contains(got.stdout, "The job's image is node:24, by task definition") {
				t.Errorf("prepare says\n%s", got.stdout)
			}
			if got := server.Asked(); !strings.HasPrefix(got, "HEAD hub/library/node/manifests/24") {
				t.Errorf("asked %s", got)
			}
			w.must(0, "cleanup")
		})
	}
}

// A user whom the image's config alone names has the services' names, and runs the entry point and the job.
func TestServicesBesideAnImageWhoseConfigNamesItsUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can let a container have a file of its own")
	}
	w := newServed(t)
	server := w.read(registry.DefaultLimit)
	config := exposing("80")
	config.User = "nobody"
	config.Entrypoint = []string{"sh", "-c", `ENTERED_BY=$(id -u); export ENTERED_BY; exec "$@"`, "sh"}
	server.Push("library/node", "24", "amd64", config)
	server.Push("library/redis", "8", "amd64", exposing(listening(t)))
	w.served(map[string]any{"name": "node:24"}, serviceOf("redis:8"))
	if got := w.must(0, "prepare"); strings.Contains(got.stdout, "/etc/hosts") || strings.Contains(got.stdout, "WARNING") {
		t.Errorf("prepare says\n%s", got.stdout)
	}
	if got := hostsIn(t, w.hostsOfImage()); got != "127.0.0.1 redis\n" {
		t.Errorf("the image's container has\n%s", got)
	}
	if got := w.must(0, "run", w.script("id -u; echo $ENTERED_BY"), "step_script"); got.stdout != "65534\n65534\n" {
		t.Errorf("the job's user is %s", got.stdout)
	}
	w.must(0, "cleanup")
}

// The log of a public project does not show the account, which the job has not named.
func TestAnImageThatItsMirrorDoesNotHave(t *testing.T) {
	w := newImaged(t, `"node:*"`)
	w.read(registry.DefaultLimit)
	w.edit("AllowedImages =", `Registries = {"docker.io" = {PullFrom = "mirror.example.com/hub"}}`+"\nAllowedImages =")
	got := w.must(buildFailure, "prepare")
	if want := `the job's image node:24 is not there: what it is pulled from here answers "no such image"`; !strings.Contains(got.stderr, want) {
		t.Errorf("stderr: %s", got.stderr)
	}
	if strings.Contains(got.stdout+got.stderr, "mirror.example.com") {
		t.Errorf("the log names the mirror:\n%s%s", got.stdout, got.stderr)
	}
}
