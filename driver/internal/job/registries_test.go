package job

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCredentialsForRegistries(t *testing.T) {
	for name, test := range map[string]struct {
		payload string
		config  string
		want    []RegistryCredentials
	}{
		"none": {payload: `{"id": 1}`},
		"GitLab's": {payload: `{"id": 1, "credentials": [
			{"type": "registry", "url": "registry.example.com", "username": "gitlab-ci-token", "password": "secret"},
			{"type": "registry", "url": "https://proxy.example.com:443/group", "username": "u", "password": "p"},
			{"type": "registry", "url": "registry.example.com:5000", "username": "u", "password": "p"},
			{"type": "other", "url": "other.example.com", "username": "u", "password": "p"}]}`,
			want: []RegistryCredentials{
				{"registry.example.com", "gitlab-ci-token", "secret"}, {"proxy.example.com", "u", "p"},
				{"registry.example.com:5000", "u", "p"}}},
		"the job's own counts more than the project's": {payload: `{"id": 1, "variables": [
			{"key": "DOCKER_AUTH_CONFIG", "value": "of the project", "file": true},
			{"key": "DOCKER_AUTH_CONFIG", "value": "of the job with $TOKEN"}]}`, config: "of the job with glpat-1"},
		"as it is": {payload: `{"id": 1, "variables": [{"key": "DOCKER_AUTH_CONFIG", "value": "with $TOKEN", "raw": true}]}`,
			config: "with $TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, test.payload, map[string]string{"CUSTOM_ENV_TOKEN": "glpat-1"}, "host")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Registries); diff != "" || got.DockerAuthConfig != test.config {
				t.Errorf("DOCKER_AUTH_CONFIG is %q (-want +got):\n%s", got.DockerAuthConfig, diff)
			}
		})
	}
}
