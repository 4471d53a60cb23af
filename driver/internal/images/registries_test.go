package images

import (
	"errors"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/failure"
)

const (
	hub    = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/docker-hub"
	secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry-AbCdEf"
)

func TestSourceOfAnImage(t *testing.T) {
	registries := Registries{
		"docker.io":                 {PullFrom: hub},
		"registry.example.com":      {Credentials: secret},
		"registry.example.com:5000": {PullFrom: "mirror.example.com"},
		"quay.io":                   {PullFrom: "registry.example.com/quay"},
	}
	for _, test := range []struct {
		image string
		want  Source
	}{
		{"node:24", Source{Name: hub + "/library/node:24"}},
		{"node", Source{Name: hub + "/library/node:latest"}},
		{"acme/app:1", Source{Name: hub + "/acme/app:1"}},
		{"node@" + digest, Source{Name: hub + "/library/node@" + digest}},
		{"registry.example.com/team/app:1", Source{Name: "registry.example.com/team/app:1", Credentials: secret}},
		{"registry.example.com:5000/team/app:1", Source{Name: "mirror.example.com/team/app:1"}},
		{"quay.io/team/app:1", Source{Name: "registry.example.com/quay/team/app:1", Credentials: secret}},
		{"ghcr.io/team/app:1", Source{Name: "ghcr.io/team/app:1"}},
		// Images of the cache itself stay where they are.
		{hub + "/library/node:24", Source{Name: hub + "/library/node:24"}},
	} {
		if got, err := registries.Of(test.image); err != nil || got != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.image, got, err, test.want)
		}
	}
	var none Registries
	if got, err := none.Of("node:24"); err != nil || got != (Source{Name: "node:24"}) {
		t.Errorf("without registries: %+v, %v", got, err)
	}
	long := "acme/" + strings.Repeat("a", 220)
	_, err := registries.Of(long)
	var failed *failure.Failure
	if !errors.As(err, &failed) || !failed.Build || !strings.Contains(err.Error(), "is longer than the 255 characters") {
		t.Errorf("a long name: %v", err)
	}
}

func TestCheckRegistries(t *testing.T) {
	good := Registries{"docker.io": {PullFrom: hub}, "ghcr.io": {Credentials: secret}, "localhost:5000": {PullFrom: "a.example"}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		domain   string
		registry Registry
		want     string
	}{
		{"index.docker.io", Registry{PullFrom: hub}, `"index.docker.io" is no registry such as docker.io`},
		{"https://ghcr.io", Registry{PullFrom: hub}, `"https://ghcr.io" is no registry`},
		{"library", Registry{PullFrom: hub}, `"library" is no registry`},
		{"ghcr.io/team", Registry{PullFrom: hub}, `"ghcr.io/team" is no registry`},
		{"", Registry{PullFrom: hub}, `"" is no registry`},
		{"ghcr.io", Registry{}, "ghcr.io needs either PullFrom or Credentials"},
		{"ghcr.io", Registry{PullFrom: hub, Credentials: secret}, "ghcr.io needs either PullFrom or Credentials"},
		{"ghcr.io", Registry{PullFrom: "docker-hub"}, `PullFrom: "docker-hub" is no place in a registry`},
		{"ghcr.io", Registry{PullFrom: hub + "/"}, "is no place in a registry"},
		{"ghcr.io", Registry{PullFrom: hub + ":1"}, "is no place in a registry"},
		{"ghcr.io", Registry{PullFrom: "https://" + hub}, "is no place in a registry"},
		{"ghcr.io", Registry{Credentials: "registry-login"}, `Credentials: "registry-login" is not the ARN of a secret`},
		{"ghcr.io", Registry{Credentials: "arn:aws:ssm:eu-central-1:123456789012:parameter/p"}, "is not the ARN of a secret"},
	} {
		err := Registries{test.domain: test.registry}.Check()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %+v: %v; want %s", test.domain, test.registry, err, test.want)
		}
	}
}
