package job

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const payloadText = `{
	"id": 123, "token": "glcbt-secret", "job_info": {"project_id": 45, "name": "build"},
	"image": {"name": "golang:1.26", "entrypoint": null}, "services": [{"name": "postgres:18", "alias": "db"}],
	"variables": [
		{"key": "CI_PIPELINE_ID", "value": "678", "public": true},
		{"key": "CI_RUNNER_ID", "value": "9", "public": true},
		{"key": "CI_RUNNER_ID", "value": "1000", "public": true}
	]
}`

func load(t *testing.T, content string, env map[string]string, host string) (Job, error) {
	t.Helper()
	all := map[string]string{}
	if content != "" {
		path := filepath.Join(t.TempDir(), "job.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		all["JOB_RESPONSE_FILE"] = path
	}
	for name, value := range env {
		all[name] = value
	}
	return Load(func(name string) string { return all[name] }, host)
}

func TestPayloadIsTrusted(t *testing.T) {
	got, err := load(t, payloadText, map[string]string{
		"CUSTOM_ENV_CI_JOB_ID": "1", "CUSTOM_ENV_CI_RUNNER_ID": "1", "CUSTOM_ENV_CI_PIPELINE_ID": "1",
		"CUSTOM_ENV_CI_JOB_IMAGE": "evil", "CUSTOM_ENV_CI_PROJECT_ID": "1",
	}, "host")
	if err != nil {
		t.Fatal(err)
	}
	want := Job{
		ID: 123, ProjectID: 45, PipelineID: "678", RunnerID: "9", Image: "golang:1.26",
		Services:  []Service{{Image: "postgres:18", Aliases: []string{"db"}}},
		Variables: []string{"CI_PIPELINE_ID", "CI_RUNNER_ID", "CI_RUNNER_ID"},
		digest:    got.digest,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Job{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantTags := map[string]string{
		"gitlab-job-id": "123", "gitlab-project-id": "45", "gitlab-pipeline-id": "678", "gitlab-runner-id": "9",
	}
	if diff := cmp.Diff(wantTags, got.Tags()); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestIdentity(t *testing.T) {
	identity := func(content, host string) string {
		t.Helper()
		job, err := load(t, content, nil, host)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9/_-]{1,128}$`).MatchString(job.StartedBy()) {
			t.Errorf("ECS refuses startedBy %q", job.StartedBy())
		}
		if !regexp.MustCompile(`^job-[0-9]+-[0-9a-f]{16}$`).MatchString(job.Key()) {
			t.Errorf("%q is no safe file name", job.Key())
		}
		if strings.Contains(job.StartedBy()+job.Key(), "secret") {
			t.Error("the job's token shows")
		}
		return job.StartedBy() + " " + job.Key()
	}
	same := identity(payloadText, "host")
	if identity(payloadText, "host") != same {
		t.Error("two calls for one job differ")
	}
	for name, other := range map[string]string{
		"host":            identity(payloadText, "other"),
		"job":             identity(strings.Replace(payloadText, "123", "124", 1), "host"),
		"runner":          identity(strings.Replace(payloadText, `"9"`, `"8"`, 1), "host"),
		"GitLab instance": identity(strings.Replace(payloadText, "glcbt-secret", "glcbt-other", 1), "host"),
	} {
		if other == same {
			t.Errorf("another %s has the same identity", name)
		}
	}
}

func TestWithoutPayload(t *testing.T) {
	got, err := load(t, "", map[string]string{
		"CUSTOM_ENV_CI_JOB_ID": "5", "CUSTOM_ENV_CI_PROJECT_ID": "6", "CUSTOM_ENV_CI_RUNNER_ID": "../7",
		"CUSTOM_ENV_CI_JOB_IMAGE": "alpine",
	}, "host")
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != 5 || got.ProjectID != 6 || got.Image != "alpine" || got.RunnerID != "" {
		t.Errorf("got %+v", got)
	}
	if !strings.HasPrefix(got.StartedBy(), "gitlab/runner-unknown/job-5/") {
		t.Errorf("startedBy is %q", got.StartedBy())
	}
}

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"neither payload nor variables": {"", "the job has no id"},
		"no id":                         {"{}", "the job has no id"},
		"negative id":                   {`{"id": -1}`, "the job has no id"},
		"no JSON":                       {"<html>", "reading the job's payload in "},
		"other types":                   {`{"id": "x"}`, "reading the job's payload in "},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(t, test.content, nil, "host"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	_, err := Load(func(name string) string {
		return map[string]string{"JOB_RESPONSE_FILE": "/nowhere/job.json", "CUSTOM_ENV_CI_JOB_ID": "5"}[name]
	}, "host")
	if err == nil {
		t.Error("a payload that cannot be read must not be replaced by what the job says")
	}
}

func TestTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`{"id": 1, "runner_info": {"timeout": 3600}}`: time.Hour,
		`{"id": 1}`: 0,
		`{"id": 1, "runner_info": {"timeout": -1}}`:                  0,
		`{"id": 1, "runner_info": {"timeout": 9223372036854775807}}`: 0,
	} {
		got, err := load(t, text, nil, "host")
		if err != nil || got.Timeout != want {
			t.Errorf("%s: %s, %v", text, got.Timeout, err)
		}
	}
}

func TestKeyOf(t *testing.T) {
	for _, variables := range []map[string]string{{}, {"CUSTOM_ENV_CI_RUNNER_ID": "9"}} {
		got, err := load(t, `{"id": 123, "token": "t"}`, variables, "host")
		if err != nil {
			t.Fatal(err)
		}
		if key, ours := KeyOf(got.StartedBy()); !ours || key != got.Key() {
			t.Errorf("KeyOf(%q) is %q, want %q", got.StartedBy(), key, got.Key())
		}
	}
	for _, text := range []string{"", "ecs-svc/1", "gitlab/runner-1/job-2/../../x",
		"gitlab/runner-1/job-2/0123456789abcdef/", "gitlab/runner-/job-2/0123456789abcdef"} {
		if key, ours := KeyOf(text); ours {
			t.Errorf("KeyOf(%q) is %q", text, key)
		}
	}
}

func TestRunnerVersion(t *testing.T) {
	for given, want := range map[string]string{
		"19.4.0": "19.4.0", "19.5.0~pre.12.gabcdef": "19.5.0~pre.12.gabcdef", "": "",
		"development version": "", "19.4.0'; id; '": "", "19.4.0\n": "", "*": "",
	} {
		got, err := load(t, payloadText, map[string]string{"CUSTOM_ENV_CI_RUNNER_VERSION": given}, "host")
		if err != nil || got.RunnerVersion != want {
			t.Errorf("%q: %q, %v", given, got.RunnerVersion, err)
		}
	}
}
