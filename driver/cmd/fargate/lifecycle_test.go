package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/stage"
)

// The runner takes a folder from this answer even where config.toml has another one, so the answer names only what
// fargate.toml does.
func TestConfigTellsTheDriver(t *testing.T) {
	w := newWorld(t)
	host, _ := os.Hostname()
	want := map[string]any{"hostname": host, "driver": map[string]any{"name": "fargate", "version": version}}
	check := func() {
		t.Helper()
		var got map[string]any
		if err := json.Unmarshal([]byte(w.must(0, "config").stdout), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check()
	w.append("[Runner]\nBuildsDir = \"/builds\"\n")
	want["builds_dir"] = "/builds"
	check()
	w.append("CacheDir = \"/cache\"\n")
	want["cache_dir"] = "/cache"
	check()
}

func TestJob(t *testing.T) {
	w := newWorld(t)
	prepared := w.must(0, "prepare")
	for _, line := range []string{
		`Starting a Fargate task of ci:3 \(on-demand capacity\)\n`, `Fargate task pending, \d+ s\n`,
		`is ready after \d+ s\n`,
	} {
		if !regexp.MustCompile(line).MatchString(prepared.stdout) {
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
	got := w.call(ctx, "run", w.script("trap 'echo bye; exit 1' TERM; touch "+started+"; sleep 100 & wait"),
		"build_script")
	if got.code != systemFailure || got.stdout != "bye\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
	w.sshd.AwaitCommands()
	w.must(0, "run", w.script("echo after"), "after_script")
}
