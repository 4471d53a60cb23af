package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/stage"
)

func TestRunTaskInput(t *testing.T) {
	common := func() map[string]any {
		return map[string]any{
			"cluster": "cluster", "taskDefinition": "ci:3", "count": 1.0, "platformVersion": "1.4.0",
			"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{
				"subnets": []any{"subnet-1"}, "securityGroups": []any{"sg-1"}, "assignPublicIp": "ENABLED",
			}},
			"launchType": "FARGATE",
		}
	}
	tests := map[string]struct {
		extra  string
		env    map[string]string
		change func(map[string]any)
	}{
		"a community driver's file": {change: func(map[string]any) {}},
		"providers and tags": {
			extra: `
CapacityProviders = [{Name = "FARGATE_SPOT", Weight = 3}, {Name = "FARGATE", Base = 1}]
Tags = {team = "ci"}`,
			change: func(want map[string]any) {
				delete(want, "launchType")
				want["capacityProviderStrategy"] = []any{ // a base is this host's
					map[string]any{"capacityProvider": "FARGATE", "weight": 1.0},
				}
				want["tags"] = []any{
					map[string]any{"key": "gitlab-job-id", "value": "7"},
					map[string]any{"key": "gitlab-project-id", "value": "3"},
					map[string]any{"key": "team", "value": "ci"},
				}
			},
		},
		"the job's choice": {
			env: map[string]string{"CUSTOM_ENV_FARGATE_TASK_DEFINITION": "other:9",
				"CUSTOM_ENV_FARGATE_PLATFORM_VERSION": "1.3.0"},
			change: func(want map[string]any) {
				want["taskDefinition"], want["platformVersion"] = "other:9", "1.3.0"
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(test.extra)
			for name, value := range test.env {
				w.env[name] = value
			}
			w.must(0, "prepare")
			got := w.ecs.Tasks()[0].Request
			if key := environment(got)["SSH_PUBLIC_KEY"]; !strings.HasPrefix(key, "ssh-ed25519 AAAA") ||
				strings.ContainsAny(key, "\n") {
				t.Errorf("SSH_PUBLIC_KEY is %q", key)
			}
			if token, _ := got["clientToken"].(string); len(token) != 64 {
				t.Errorf("clientToken is %q", token)
			}
			if by, _ := got["startedBy"].(string); !strings.HasPrefix(by, "gitlab/runner-unknown/job-7/") ||
				len(by) > 128 {
				t.Errorf("startedBy is %q", by)
			}
			got = withoutLeases(t, got)
			for _, key := range []string{"overrides", "clientToken", "startedBy"} {
				delete(got, key)
			}
			want := common()
			test.change(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("RunTask (-want +got):\n%s", diff)
			}
		})
	}
}

// withoutLeases takes out the tags whose values differ from call to call, and checks that they say what the guard is
// told.
func withoutLeases(t *testing.T, request map[string]any) map[string]any {
	t.Helper()
	variables := environment(request)
	seconds, err := strconv.ParseInt(variables["FARGATE_GUARD_DEADLINE"], 10, 64)
	// A job without a timeout: a day, and half an hour's margin.
	if left := time.Until(time.Unix(seconds, 0)); err != nil || left < 24*time.Hour+29*time.Minute ||
		left > 24*time.Hour+30*time.Minute {
		t.Errorf("FARGATE_GUARD_DEADLINE is %q", variables["FARGATE_GUARD_DEADLINE"])
	}
	if variables["FARGATE_GUARD_FIRST_SESSION"] != "600" || variables["FARGATE_GUARD_LAST_SESSION"] != "1200" ||
		len(variables["FARGATE_GUARD_HOST"]) != 16 {
		t.Errorf("the guard is told %v", variables)
	}
	for _, name := range []string{"GUARD_DEADLINE", "GUARD_FIRST_SESSION", "GUARD_HOST"} {
		if variables[name] != variables["FARGATE_"+name] {
			t.Errorf("an earlier image is told %s=%q", name, variables[name])
		}
	}
	tags, tagged := request["tags"].([]any)
	if !tagged {
		return request
	}
	want := map[string]string{
		"gitlab-deadline":    time.Unix(seconds, 0).UTC().Format(time.RFC3339),
		"gitlab-runner-host": variables["FARGATE_GUARD_HOST"],
	}
	request["tags"] = slices.DeleteFunc(tags, func(tag any) bool {
		pair, _ := tag.(map[string]any)
		key, _ := pair["key"].(string)
		text, known := want[key]
		if known && pair["value"] == text {
			delete(want, key)
		}
		return known
	})
	if len(want) > 0 {
		t.Errorf("tags lack %v", want)
	}
	return request
}

func TestEachAttemptHasItsOwnTask(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.must(0, "cleanup")
	w.must(0, "prepare")
	tasks := w.ecs.Tasks()
	if len(tasks) != 2 || tasks[0].Request["clientToken"] == tasks[1].Request["clientToken"] {
		t.Fatalf("%d tasks; two attempts must not share a client token", len(tasks))
	}
	if tasks[0].StartedBy != tasks[1].StartedBy {
		t.Error("the attempts of one job must be found by the same startedBy")
	}
	// A third attempt without the cleanup in between: nothing of the second is left.
	w.must(0, "prepare")
	if w.ecs.Running() != 1 {
		t.Errorf("%d tasks run, want 1", w.ecs.Running())
	}
}

func TestStateIsPrivate(t *testing.T) {
	w := newWorld(t)
	if err := os.Mkdir(filepath.Join(w.dir, "metadata"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.must(0, "prepare")
	directory := filepath.Join(w.dir, "metadata", "tasks")
	files := w.stateFiles()
	if len(files) != 1 {
		t.Fatalf("files %v, want one", files)
	}
	for path, want := range map[string]os.FileMode{directory: 0o700, filepath.Join(directory, files[0]): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
	outside, err := os.Stat(filepath.Join(w.dir, "metadata"))
	if err != nil || outside.Mode().Perm() != 0o755 {
		t.Errorf("the configured directory's own mode was changed: %v, %v", outside.Mode(), err)
	}
}

func TestImageAndServicesAreToldToBeIgnored(t *testing.T) {
	w := newWorld(t)
	w.job(map[string]any{
		"id": 7, "token": "jobtok-7", "image": map[string]any{"name": "golang:1.26"},
		"services": []any{map[string]any{"name": "postgres:18"}, map[string]any{"name": "redis:8\n\x1b[31m"}},
	})
	w.env["CUSTOM_ENV_CI_JOB_IMAGE"] = "something/else"
	got := w.must(0, "prepare").stdout
	want := "image: golang:1.26 is ignored: the job runs in the image of the task definition ci:3\n" +
		"services: postgres:18 is ignored: the job runs in the image of the task definition ci:3\n" +
		"services: redis:8[31m is ignored: the job runs in the image of the task definition ci:3\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("the log begins\n%s\nwant\n%s", got, want)
	}
}

func TestCancelledPrepareLeavesNothing(t *testing.T) {
	for name, script := range map[string][]string{"pending": {"PENDING"}, "running, sshd down": {"RUNNING"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if name != "pending" {
				w.sshd.Close()
			}
			w.ecs.Script = script
			got := w.call(w.cancelledAtLook(3), "prepare")
			if got.code != systemFailure || !strings.Contains(got.stderr, "ERROR: cancelled by the runner") {
				t.Errorf("exit code %d, %s", got.code, got.stderr)
			}
			if len(w.ecs.Tasks()) != 1 || w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
				t.Errorf("left: %d of %d tasks, files %v", w.ecs.Running(), len(w.ecs.Tasks()), w.stateFiles())
			}
		})
	}
}

func TestCancelledBeforeItBegan(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stage.ErrCancelled)
	if got := w.call(ctx, "prepare"); got.code != systemFailure || len(w.ecs.Tasks()) != 0 {
		t.Errorf("exit code %d, %d tasks started", got.code, len(w.ecs.Tasks()))
	}
}

// ECS's own word for it comes late, or here never.
func TestPrepareIsDoneWhenSshdAnswers(t *testing.T) {
	w := newWorld(t)
	w.ecs.EarlyAddress, w.ecs.Script = true, []string{"PENDING"}
	if prepared := w.must(0, "prepare"); !strings.Contains(prepared.stdout, "is ready after") {
		t.Error(prepared.stdout)
	}
	w.must(0, "cleanup")
	if w.ecs.Running() != 0 {
		t.Error("the task still runs")
	}
}
