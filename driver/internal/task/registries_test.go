package task

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/images"
)

// ECS pulls an image from where the registries say, under another name or with a secret, and both tell definitions apart.
func TestRegistriesOfADefinition(t *testing.T) {
	const secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hub-AbCdEf"
	seen := map[string]bool{}
	for _, test := range []struct {
		registries images.Registries
		image      string
		secret     any
	}{
		{nil, "node:24", nil},
		{images.Registries{"docker.io": {PullFrom: "mirror.example.com/hub"}}, "mirror.example.com/hub/library/node:24", nil},
		{images.Registries{"docker.io": {Credentials: secret}}, "node:24", map[string]any{"credentialsParameter": secret}},
	} {
		server, tasks := defining(t)
		tasks.Config.Registries = test.registries
		arn, err := tasks.Define(t.Context(), node)
		if err != nil {
			t.Fatal(err)
		}
		seen[arn] = true
		for _, one := range server.Definition(arn)["containerDefinitions"].([]any) {
			container := one.(map[string]any)
			if container["name"] != BuildContainer {
				continue
			}
			got := []any{container["image"], container["repositoryCredentials"]}
			if diff := cmp.Diff([]any{test.image, test.secret}, got); diff != "" {
				t.Errorf("%+v: image and credentials: -want +got\n%s", test.registries, diff)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("definitions are not told apart: %v", seen)
	}
}
