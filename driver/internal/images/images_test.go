package images

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/job"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestAllowedImages(t *testing.T) {
	for _, test := range []struct {
		image, allowed string
		want           bool
	}{
		{"node:24", "node:*", true},
		{"node", "node:*", true},
		{"docker.io/node:24", "node:*", true},
		{"docker.io/library/node:24", "node:*", true},
		{"index.docker.io/library/node:24", "node:*", true},
		{"node:24", "docker.io/node:*", true},
		{"node:24", "index.docker.io/library/node:24", true},
		{"evil/node:24", "node:*", false},
		{"evil.example.com/node:24", "node:*", false},
		{"evil.example.com/library/node:24", "library/node:*", false},
		{"localhost/node:24", "node:*", false},
		{"nodejs:24", "node:*", false},
		{"node:24", "node", false},
		{"node", "node", true},
		{"node:latest", "node", true},
		{"node:24", "node:24", true},
		{"node:24-alpine", "node:24", false},
		// A digest alone says what runs, whatever tag stands before it.
		{"node:24@" + digest, "node:24", false},
		{"node:24@" + digest, "node:*", false},
		{"node:24@" + digest, "node@*", true},
		{"node@" + digest, "node@" + digest, true},
		{"registry.example.com/a/b/c:1", "registry.example.com/**", true},
		{"registry.example.com/a@" + digest, "registry.example.com/**", true},
		{"registry.example.com.evil.org/a:1", "registry.example.com/**", false},
		{"registry.example.com:5000/a:1", "registry.example.com/**", false},
		{"registry.example.com:5000/a:1", "registry.example.com:5000/*", true},
		{"registry.example.com/team/a:1", "registry.example.com/team/*", true},
		{"registry.example.com/team/a/b:1", "registry.example.com/team/*", false},
		{"registry.example.com/team/a:1", "registry.example.com/team/{a,b}:*", true},
		{"acme/app:1", "acme/*", true},
		{"acme/app:1", "**/app:*", true},
		{"registry.example.com/app:1", "**/app:*", true},
		{"anything.example.com/at/all:1", "**", true},
		{"registry.example.com/app:1", "docker.io/**", false},
		{"acme/app:1", "docker.io/**", true},
	} {
		_, err := Of(job.Job{Image: test.image}, []string{test.allowed})
		if (err == nil) != test.want {
			t.Errorf("%s is allowed by %s: %v, want %t", test.image, test.allowed, err, test.want)
		}
	}
}

// The program that deploys the stack checks its settings by the same cases (test/program/images.test.ts).
func TestPatterns(t *testing.T) {
	content, err := os.ReadFile("testdata/patterns.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases struct{ Taken, Refused []string }
	if err := json.Unmarshal(content, &cases); err != nil || len(cases.Taken)*len(cases.Refused) == 0 {
		t.Fatalf("%+v, %v", cases, err)
	}
	if err := CheckPatterns(cases.Taken); err != nil {
		t.Error(err)
	}
	for _, wrong := range cases.Refused {
		if err := CheckPatterns([]string{"node:*", wrong}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

func TestBuildOf(t *testing.T) {
	for _, test := range []struct {
		job  job.Job
		want *Build
		err  string
	}{
		{job: job.Job{}},
		{job: job.Job{Image: "docker.io/library/node:24"}, want: &Build{Image: "node:24"}},
		{job: job.Job{Image: "node"}, want: &Build{Image: "node:latest"}},
		{job: job.Job{Image: "node:24@" + digest}, want: &Build{Image: "node@" + digest}},
		{job: job.Job{Image: "registry.example.com:5000/a/b"}, want: &Build{Image: "registry.example.com:5000/a/b:latest"}},
		{job: job.Job{Image: "node:24", ImageOptions: job.ImageOptions{
			Entrypoint: []string{"/entry", "x"}, Platform: "linux/arm64/v8", User: "1000:node",
			PullPolicies: []string{"never", "if-not-present"},
		}}, want: &Build{Image: "node:24", Entrypoint: []string{"/entry", "x"}, User: "1000:node", Architecture: "arm64"}},
		{job: job.Job{Image: "node:24", ImageOptions: job.ImageOptions{Platform: "Linux/x86_64"}},
			want: &Build{Image: "node:24", Architecture: "amd64"}},
		{job: job.Job{Image: "Node:24"}, err: `image: "Node:24" is no name of an image: invalid reference format: ` +
			"repository name (library/Node) must be lowercase"},
		{job: job.Job{Image: "node 24\n"}, err: `image: "node 24\n" is no name of an image: invalid reference format`},
		{job: job.Job{Image: "alpine:3"}, err: "image: docker.io/library/alpine:3 is not among those that this runner " +
			"allows (Fargate.AllowedImages): node*, registry.example.com:5000/**"},
		{job: job.Job{Image: "registry.example.com:5000/" + strings.Repeat("a", 230)},
			err: " is longer than the 255 characters that ECS takes"},
		{job: job.Job{Image: "node", ImageOptions: job.ImageOptions{Platform: "linux/s390x"}},
			err: `image:docker:platform: "linux/s390x" cannot be had: Fargate has linux/amd64 and linux/arm64`},
		{job: job.Job{Image: "node", ImageOptions: job.ImageOptions{Platform: "windows/amd64"}},
			err: `image:docker:platform: "windows/amd64" cannot be had`},
		{job: job.Job{Image: "node", ImageOptions: job.ImageOptions{PullPolicies: []string{"never"}}},
			err: "pull_policy: never cannot be had"},
		{job: job.Job{Image: "node", ImageOptions: job.ImageOptions{User: "$(id)"}},
			err: `image:docker:user: "$(id)" is no user that ECS takes`},
	} {
		got, err := Of(test.job, []string{"node*", "registry.example.com:5000/**"})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.job, diff)
		}
		var told *failure.Failure
		switch {
		case test.err == "" && err != nil, test.err != "" && err == nil:
			t.Errorf("%+v: %v", test.job, err)
		case test.err != "" && (!strings.Contains(err.Error(), test.err) || !errors.As(err, &told) || !told.Build):
			t.Errorf("%v, want %s, as the job's own failure", err, test.err)
		}
	}
	// Where no image is allowed, the keyword is ignored as a whole.
	if got, err := Of(job.Job{Image: "Node:24"}, nil); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCommand(t *testing.T) {
	type both struct{ Entrypoint, Command []string }
	for _, test := range []struct {
		entrypoint []string
		want       both
	}{
		{nil, both{nil, []string{"sh", "-c", "run"}}},
		{[]string{""}, both{[]string{"sh"}, []string{"-c", "run"}}},
		{[]string{"/entry", "x"}, both{[]string{"/entry", "x"}, []string{"sh", "-c", "run"}}},
		{[]string{"/bin/bash", "-c"}, both{[]string{"/bin/bash", "-c"}, []string{"run"}}},
	} {
		entrypoint, command := Build{Entrypoint: test.entrypoint}.Command("run")
		if diff := cmp.Diff(test.want, both{entrypoint, command}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.entrypoint, diff)
		}
	}
}
