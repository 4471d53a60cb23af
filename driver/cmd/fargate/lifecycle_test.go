package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/ecstest"
	"gitlab-fargate-runners/driver/internal/stage"
)

func TestConfigTellsTheDriver(t *testing.T) {
	w := newWorld(t)
	var got map[string]any
	if err := json.Unmarshal([]byte(w.must(0, "config").stdout), &got); err != nil {
		t.Fatal(err)
	}
	host, _ := os.Hostname()
	want := map[string]any{"hostname": host, "driver": map[string]any{"name": "fargate", "version": version}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJob(t *testing.T) {
	w := newWorld(t)
	prepared := w.must(0, "prepare")
	for _, line := range []string{"Starting a Fargate task of ci:3 in cluster cluster", "Fargate task pending, 0 s", "is ready after 0 s"} {
		if !strings.Contains(prepared.stdout, line) {
			t.Errorf("prepare does not say %q:\n%s", line, prepared.stdout)
		}
	}
	if prepared.stderr != "" {
		t.Errorf("prepare complains: %s", prepared.stderr)
	}

	ok := w.must(0, "run", w.script("echo hello; echo oops >&2"), "build_script")
	if ok.stdout != "hello\n" || ok.stderr != "oops\n" {
		t.Errorf("got %q and %q", ok.stdout, ok.stderr)
	}
	if _, err := os.Stat(w.env["BUILD_EXIT_CODE_FILE"]); err == nil {
		t.Error("a script that ended with 0 left an exit code")
	}

	failed := w.must(buildFailure, "run", w.script("exit 42"), "build_script")
	if failed.stdout+failed.stderr != "" {
		t.Errorf("a failed script's log has words of the driver: %s%s", failed.stdout, failed.stderr)
	}
	if code, _ := os.ReadFile(w.env["BUILD_EXIT_CODE_FILE"]); string(code) != "42" {
		t.Errorf("BUILD_EXIT_CODE_FILE holds %q", code)
	}

	cleaned := w.must(0, "cleanup")
	if !strings.Contains(cleaned.stdout, "Stopped Fargate task 00000000000000000000000000000001") {
		t.Errorf("cleanup says %q", cleaned.stdout)
	}
	if w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
		t.Errorf("left: %d tasks, files %v", w.ecs.Running(), w.stateFiles())
	}
	if reason := w.ecs.Tasks()[0].StopReason; reason != "GitLab job 7: the job is over" {
		t.Errorf("the task was stopped for %q", reason)
	}

	if again := w.must(0, "cleanup"); !strings.Contains(again.stdout, "No Fargate task was left to stop") {
		t.Errorf("the second cleanup says %q", again.stdout)
	}
}

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
CapacityProviders = [{Name = "FARGATE_SPOT", Weight = 3}, {Name = "FARGATE", Weight = 1, Base = 1}]
Tags = {team = "ci"}`,
			change: func(want map[string]any) {
				delete(want, "launchType")
				want["capacityProviderStrategy"] = []any{
					map[string]any{"capacityProvider": "FARGATE_SPOT", "weight": 3.0},
					map[string]any{"capacityProvider": "FARGATE", "weight": 1.0, "base": 1.0},
				}
				want["tags"] = []any{
					map[string]any{"key": "gitlab-job-id", "value": "7"},
					map[string]any{"key": "gitlab-project-id", "value": "3"},
					map[string]any{"key": "team", "value": "ci"},
				}
			},
		},
		"the job's choice": {
			env: map[string]string{"CUSTOM_ENV_FARGATE_TASK_DEFINITION": "other:9", "CUSTOM_ENV_FARGATE_PLATFORM_VERSION": "1.3.0"},
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
			if key := environment(got)["SSH_PUBLIC_KEY"]; !strings.HasPrefix(key, "ssh-ed25519 AAAA") || strings.ContainsAny(key, "\n") {
				t.Errorf("SSH_PUBLIC_KEY is %q", key)
			}
			if token, _ := got["clientToken"].(string); len(token) != 64 {
				t.Errorf("clientToken is %q", token)
			}
			if by, _ := got["startedBy"].(string); !strings.HasPrefix(by, "gitlab/runner-unknown/job-7/") || len(by) > 128 {
				t.Errorf("startedBy is %q", by)
			}
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
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(300*time.Millisecond, func() { cancel(stage.ErrCancelled) })
			got := w.call(ctx, "prepare")
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

func TestCancelledRunEndsTheScript(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	ctx, cancel := context.WithCancelCause(t.Context())
	started := filepath.Join(w.dir, "started")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(started); err == nil {
				cancel(stage.ErrCancelled)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	got := w.call(ctx, "run", w.script("trap 'echo bye; exit 1' TERM; touch "+started+"; sleep 100 & wait"), "build_script")
	if got.code != systemFailure || got.stdout != "bye\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
	w.sshd.AwaitCommands()
	w.must(0, "run", w.script("echo after"), "after_script")
}

func TestCleanupWithoutState(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	other := w.ecs.Add("gitlab/runner-1/job-8/0123456789abcdef")
	if err := os.RemoveAll(filepath.Join(w.dir, "metadata")); err != nil {
		t.Fatal(err)
	}
	w.must(0, "cleanup")
	for _, task := range w.ecs.Tasks() {
		if stopped := task.Status == "STOPPED"; stopped != (task.ARN != other) {
			t.Errorf("task of %s: status %s", task.StartedBy, task.Status)
		}
	}
}

func TestCleanupWithBrokenState(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	path := filepath.Join(w.dir, "metadata", "tasks", w.stateFiles()[0])
	if err := os.WriteFile(path, []byte(`{"version": 1, "ar`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must(0, "cleanup")
	if w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
		t.Errorf("left: %d tasks, files %v", w.ecs.Running(), w.stateFiles())
	}
}

func TestCleanupThroughThrottling(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.ecs.Lock()
	w.ecs.Fail = func(action string, call int) string {
		if action == "StopTask" && call <= 3 {
			return "ThrottlingException"
		}
		return ""
	}
	w.ecs.Unlock()
	w.must(0, "cleanup")
	if w.ecs.Running() != 0 || w.ecs.Calls("StopTask") < 4 {
		t.Errorf("%d tasks run after %d calls", w.ecs.Running(), w.ecs.Calls("StopTask"))
	}
}

func TestCleanupThatCannotStopKeepsItsState(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.ecs.Lock()
	w.ecs.Fail = func(action string, _ int) string {
		if action == "StopTask" {
			return "AccessDeniedException"
		}
		return ""
	}
	w.ecs.Unlock()
	got := w.must(systemFailure, "cleanup")
	if !strings.Contains(got.stderr, "AWS denied ecs:StopTask") || !strings.Contains(got.stderr, "Hint: Allow ecs:StopTask") {
		t.Errorf("stderr: %s", got.stderr)
	}
	if len(w.stateFiles()) != 1 {
		t.Error("the state of a task that still runs was removed")
	}
}

func TestFailuresOfPrepare(t *testing.T) {
	tests := map[string]struct {
		set  func(*ecstest.Server)
		want []string
	}{
		"no capacity": {
			set: func(s *ecstest.Server) {
				s.Failures = []string{"Capacity is unavailable at this time. Please try again later"}
			},
			want: []string{"ERROR: ECS started no task: Capacity is unavailable", "Hint: Fargate has no capacity"},
		},
		"no address": {
			set:  func(s *ecstest.Server) { s.Failures = []string{"RESOURCE:ENI"} },
			want: []string{"RESOURCE:ENI", "Hint: The cluster lacks this resource; in a subnet without free addresses"},
		},
		"denied": {
			set: func(s *ecstest.Server) {
				s.Fail = func(action string, _ int) string {
					if action == "RunTask" {
						return "AccessDeniedException"
					}
					return ""
				}
			},
			want: []string{"ERROR: AWS denied ecs:RunTask", "iam:PassRole"},
		},
		"image pull failed": {
			set: func(s *ecstest.Server) {
				s.Script = []string{"PENDING", "STOPPED"}
				s.StopCode, s.StopReason = "TaskFailedToStart", "CannotPullContainerError: manifest unknown"
			},
			want: []string{"stopped: TaskFailedToStart: CannotPullContainerError: manifest unknown", "Hint: The task's image cannot be pulled"},
		},
		"stopped while sshd is waited for": {
			set: func(s *ecstest.Server) {
				s.Address = "127.0.0.99" // nobody listens
				s.Script = []string{"RUNNING", "RUNNING", "RUNNING", "STOPPED"}
				s.StopCode, s.StopReason = "EssentialContainerExited", "Essential container in task exited"
			},
			want: []string{"ERROR: the task 00000000000000000000000000000001 stopped: EssentialContainerExited: Essential container in task exited"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test.set(w.ecs)
			got := w.must(systemFailure, "prepare")
			for _, want := range test.want {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("stderr lacks %q:\n%s", want, got.stderr)
				}
			}
			if w.ecs.Running() != 0 {
				t.Error("a task is left")
			}
		})
	}
}

func TestTaskThatEndsDuringAScript(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.ecs.Lock()
	w.ecs.Script = []string{"STOPPED"}
	w.ecs.StopCode, w.ecs.StopReason = "SpotInterruption", "Your Spot Task was interrupted."
	w.ecs.Unlock()
	time.AfterFunc(300*time.Millisecond, w.sshd.Cut)
	got := w.must(systemFailure, "run", w.script("sleep 3"), "build_script")
	if !strings.Contains(got.stderr, "SpotInterruption") || !strings.Contains(got.stderr, "runner_system_failure") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

func TestSystemFailures(t *testing.T) {
	w := newWorld(t)
	got := w.must(systemFailure, "run", w.script("true"), "build_script")
	if !strings.Contains(got.stderr, "ERROR: the job has no task") {
		t.Errorf("run without prepare: %s", got.stderr)
	}
	w.write("fargate.toml", "[Fargate]\nClustr = \"a\"\n")
	for _, call := range [][]string{{"config"}, {"prepare"}, {"run", "x", "y"}, {"cleanup"}} {
		got := w.must(systemFailure, call...)
		if !strings.Contains(got.stderr, "fargate.toml:2: unknown key Fargate.Clustr") {
			t.Errorf("%v: %s", call, got.stderr)
		}
	}
	w.must(systemFailure, "no-such-call")
	w.must(systemFailure, "run", "only-one-argument")
}
