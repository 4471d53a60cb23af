package registry

import (
	"context"
	"fmt"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// Where a registry gives out tokens, a token is asked for once.
func TestATokenIsTakenForAllRequests(t *testing.T) {
	w := newWorld(t, lock("", "", false))
	w.Push("app", "1", "amd64", ocispec.ImageConfig{})
	w.Asked()
	if got := w.one("r.example/app:1"); got.Config == nil {
		t.Fatalf("%+v", got)
	}
	asked := w.Asked()
	if strings.Count(asked, "GET app/manifests/") != 1 || strings.Count(asked, "GET app/blobs/") != 1 {
		t.Errorf("asked %s", asked)
	}
}

type counted struct{ logins int }

func (c *counted) LogIn(context.Context, ECRAddress) (auth.Credential, error) {
	c.logins++
	return auth.EmptyCredential, nil
}

func (c *counted) CachePrefixes(context.Context, ECRAddress) ([]string, error) { return nil, nil }

func TestOneLoginForAllImagesOfAJob(t *testing.T) {
	w := newWorld(t, nil)
	ecr := &counted{}
	w.ECR = ecr
	const at = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:"
	var wanted []Wanted
	for i := range 5 {
		w.Push("app", fmt.Sprint(i), "amd64", ocispec.ImageConfig{})
		wanted = append(wanted, Wanted{Image: at + fmt.Sprint(i), Architecture: "amd64"})
	}
	for _, found := range w.ReadAll(t.Context(), wanted) {
		if found.Outcome != There {
			t.Errorf("%+v", found)
		}
	}
	if ecr.logins != 1 {
		t.Errorf("%d logins", ecr.logins)
	}
}

// An image says of itself no more than a task definition and a wait can bear.
func TestBoundsOfAConfig(t *testing.T) {
	ports := map[string]struct{}{}
	for port := range 30_000 {
		ports[fmt.Sprintf("%d/tcp", port+1)] = struct{}{}
	}
	w := newWorld(t, nil)
	w.Push("app", "ports", "amd64", ocispec.ImageConfig{ExposedPorts: ports})
	w.Push("app", "words", "amd64", ocispec.ImageConfig{Entrypoint: strings.Split(strings.Repeat("word ", 1000), " ")})
	if got := w.one("r.example/app:ports"); got.Config == nil || len(got.Config.Ports) != 20 || got.Config.Ports[19] != 20 {
		t.Errorf("%+v", got.Config)
	}
	if got := w.one("r.example/app:words"); got.Outcome != There || got.Config != nil {
		t.Errorf("%+v", got)
	}
}
