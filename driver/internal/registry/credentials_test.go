package registry

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"oras.land/oras-go/v2/registry/remote/auth"

	"gitlab-fargate-runners/driver/internal/job"
)

func TestCredentialsOfAJob(t *testing.T) {
	of := func(user string) auth.Credential { return auth.Credential{Username: user, Password: "p"} }
	current := job.Job{
		DockerAuthConfig: `{"auths": {"https://index.docker.io/v1/": {"auth": "aHViOnA="},
			"registry.example.com:5000": {"username": "own", "password": "p"}, "empty.example.com": {}}, "credsStore": "none"}`,
		Registries: []job.RegistryCredentials{
			{Host: "registry.example.com:5000", Username: "gitlab", Password: "p"},
			{Host: "registry.example.com", Username: "other", Password: "p"},
			{Host: "docker.io", Username: "mirror", Password: "p"},
			{Host: "gitlab.example.com", Username: "proxy", Password: "p"},
		},
	}
	for host, want := range map[string][]auth.Credential{
		"registry.example.com:5000": {of("own"), of("gitlab")},
		"registry.example.com":      {of("other")},
		"registry-1.docker.io":      {of("hub"), of("mirror")},
		"gitlab.example.com:443":    {of("proxy")}, // as the dependency proxy's images are written
		"empty.example.com":         nil,
		"evil.example.com":          nil,
	} {
		if diff := cmp.Diff(want, OfJob(current, slog.New(slog.DiscardHandler))(host)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", host, diff)
		}
	}
	// What cannot be read is passed over and not told.
	for _, wrong := range []string{"{", `{"auths": {"r.example": {"auth": "secret-that-is-not-base64!"}}}`, `{"auths": 3}`} {
		var told strings.Builder
		log := slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))
		current.DockerAuthConfig = wrong
		if got := OfJob(current, log)("registry.example.com"); len(got) != 1 || strings.Contains(told.String(), "secret") ||
			!strings.Contains(told.String(), "DOCKER_AUTH_CONFIG") {
			t.Errorf("%s: %+v, %s", wrong, got, told.String())
		}
	}
}
