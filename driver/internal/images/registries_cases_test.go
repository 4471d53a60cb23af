package images

import (
	"encoding/json"
	"os"
	"testing"

	"gitlab-fargate-runners/driver/internal/job"
)

// The program that deploys the stack checks its settings by the same cases (test/program/registries.test.ts).
func TestRegistriesCases(t *testing.T) {
	content, err := os.ReadFile("testdata/registries.json")
	if err != nil {
		t.Fatal(err)
	}
	type cases struct{ Taken, Refused []string }
	var all struct{ Domains, Folders cases }
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		what       string
		cases      cases
		registries func(string) Registries
	}{
		{"registry", all.Domains, func(text string) Registries { return Registries{text: {PullFrom: hub}} }},
		{"PullFrom", all.Folders, func(text string) Registries { return Registries{"ghcr.io": {PullFrom: text}} }},
	} {
		if len(one.cases.Taken)*len(one.cases.Refused) == 0 {
			t.Errorf("%s: no cases: %+v", one.what, one.cases)
		}
		for _, text := range one.cases.Taken {
			if err := one.registries(text).Check(); err != nil {
				t.Errorf("%s %q is refused: %v", one.what, text, err)
			}
		}
		for _, text := range one.cases.Refused {
			if one.registries(text).Check() == nil {
				t.Errorf("%s %q is taken", one.what, text)
			}
		}
	}
}

// The program that deploys the stack gives rights for the registries that patterns reach, by the same cases.
func TestReachCases(t *testing.T) {
	content, err := os.ReadFile("testdata/reach.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Pattern, Image string
		Allowed        bool
	}
	if err := json.Unmarshal(content, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%+v, %v", cases, err)
	}
	for _, one := range cases {
		if _, err := Of(job.Job{Image: one.Image}, []string{one.Pattern}); (err == nil) != one.Allowed {
			t.Errorf("%s allows %s: %v, want %t", one.Pattern, one.Image, err, one.Allowed)
		}
	}
}
