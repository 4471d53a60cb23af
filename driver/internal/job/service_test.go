package job

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServicesOfAJob(t *testing.T) {
	const payload = `{"id": 1, "variables": [
		{"key": "CI_PROJECT_PATH", "value": "acme/app", "public": true},
		{"key": "GITLAB_USER_NAME", "value": "Ada", "public": true},
		{"key": "CI", "value": "true", "public": true},
		{"key": "CICD", "value": "yes", "public": true},
		{"key": "POSTGRES_DB", "value": "shop", "public": true},
		{"key": "POSTGRES_DB", "value": "shop-$CI_JOB_ID", "public": true},
		{"key": "DATABASE_TOKEN", "value": "glsecret", "public": false, "masked": true},
		{"key": "CERTIFICATE", "value": "PEM", "public": true, "file": true},
		{"key": "PRICE", "value": "$5 of $$7", "public": true, "raw": true},
		{"key": "DOLLARS", "value": "$$7 and ${NOBODY}", "public": true},
		{"key": "CI_DEBUG_SERVICES", "value": "true", "public": true}
	], "services": [
		{"name": "$REGISTRY/postgres:18", "alias": "db, $ALIAS  main", "entrypoint": ["/entry"], "command": ["postgres", "-x"],
			"pull_policy": ["always"], "executor_opts": {"docker": {"platform": "linux/amd64", "user": "$OWNER"}},
			"variables": [{"key": "POSTGRES_PASSWORD", "value": "$DATABASE_TOKEN"}, {"key": "POSTGRES_DB", "value": "own"},
				{"key": "URL", "value": "db/$POSTGRES_DB"}, {"key": "AS_IT_IS", "value": "$POSTGRES_DB", "raw": true}]},
		{"name": "redis", "alias": null, "entrypoint": null, "command": null, "pull_policy": null, "executor_opts": {},
			"variables": null}
	]}`
	got, err := load(t, payload, map[string]string{
		"CUSTOM_ENV_REGISTRY": "registry.example.com", "CUSTOM_ENV_ALIAS": "database", "CUSTOM_ENV_OWNER": "999",
		"CUSTOM_ENV_CI_JOB_ID": "1", "CUSTOM_ENV_DATABASE_TOKEN": "glsecret", "CUSTOM_ENV_POSTGRES_DB": "shop-1",
		"POSTGRES_DB": "the host's",
	}, "host")
	if err != nil {
		t.Fatal(err)
	}
	of := func(db string, more ...Variable) []Variable {
		return append([]Variable{{"CICD", "yes"}, {"POSTGRES_DB", db}, {"PRICE", "$5 of $$7"}, {"DOLLARS", "$7 and "}}, more...)
	}
	want := []Service{
		{
			Image: "registry.example.com/postgres:18", Command: []string{"postgres", "-x"},
			ImageOptions: ImageOptions{
				Entrypoint: []string{"/entry"}, PullPolicies: []string{"always"}, Platform: "linux/amd64", User: "999",
			},
			Aliases: []string{"db", "database", "main"},
			Variables: of("own", Variable{"POSTGRES_PASSWORD", "glsecret"}, Variable{"URL", "db/own"},
				Variable{"AS_IT_IS", "$POSTGRES_DB"}),
		},
		{Image: "redis", Aliases: []string{}, Variables: of("shop-1")},
	}
	if diff := cmp.Diff(want, got.Services); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !got.DebugServices {
		t.Error("CI_DEBUG_SERVICES is not heard")
	}
}
