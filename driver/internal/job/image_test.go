package job

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// GitLab hands on variables in a job's image as they are written; the runner tells their values to the driver.
func TestImageOfAJob(t *testing.T) {
	const payload = `{"id": 1, "image": {"name": "$REGISTRY/node:${VERSION}", "entrypoint": ["/entry", "$VERSION"],
		"pull_policy": ["if-not-present", "always"],
		"executor_opts": {"docker": {"platform": "linux/$MACHINE", "user": "$OWNER"}, "kubernetes": {"user": "1"}}}}`
	got, err := load(t, payload, map[string]string{
		"CUSTOM_ENV_REGISTRY": "registry.example.com", "CUSTOM_ENV_VERSION": "24", "CUSTOM_ENV_MACHINE": "arm64",
		"CUSTOM_ENV_OWNER": "node", "VERSION": "the host's", "CUSTOM_ENV_CI_BUILDS_DIR": "/builds",
	}, "host")
	if err != nil {
		t.Fatal(err)
	}
	want := ImageOptions{
		Entrypoint: []string{"/entry", "$VERSION"}, PullPolicies: []string{"if-not-present", "always"},
		Platform: "linux/arm64", User: "node",
	}
	if diff := cmp.Diff(want, got.ImageOptions); diff != "" || got.Image != "registry.example.com/node:24" {
		t.Errorf("image %s (-want +got):\n%s", got.Image, diff)
	}
	if got.BuildsDir != "/builds" {
		t.Errorf("builds are in %q", got.BuildsDir)
	}
}
