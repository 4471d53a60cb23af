package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/state"
)

// reap fails the test where the call does not end with the code.
func (w *world) reap(code int, args ...string) outcome {
	w.t.Helper()
	got := w.execute(w.t.Context(), append([]string{"reap"}, args...)...)
	if got.code != code {
		w.t.Fatalf("reap %v: exit code %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	return got
}

// later moves reap's clock.
func (w *world) later(d time.Duration) { w.now = func() time.Time { return time.Now().Add(d) } }

// loseHost makes what runs afterwards another host.
func (w *world) loseHost() {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(w.dir, "metadata")); err != nil {
		w.t.Fatal(err)
	}
}

// change edits the state of the world's only job.
func (w *world) change(edit func(*state.Task)) {
	w.t.Helper()
	store, err := state.Open(filepath.Join(w.dir, "metadata"))
	if err != nil {
		w.t.Fatal(err)
	}
	key := strings.TrimSuffix(w.stateFiles()[0], ".json")
	known, err := store.Load(key)
	if err != nil {
		w.t.Fatal(err)
	}
	edit(known)
	if err := store.Save(key, known); err != nil {
		w.t.Fatal(err)
	}
}

func TestReapLeavesALiveJobAlone(t *testing.T) {
	w := newWorld(t)
	w.job(map[string]any{"id": 7, "token": "jobtok-7", "runner_info": map[string]any{"timeout": 3600}})
	w.must(0, "prepare")
	alive := func(when string) {
		t.Helper()
		if got := w.reap(0); w.ecs.Running() != 1 ||
			!strings.HasPrefix(got.stdout, "1 tasks run in the cluster, 0 stopped") {
			t.Errorf("%s: %d tasks run; %s", when, w.ecs.Running(), got.stdout)
		}
	}
	alive("at once")
	w.later(89 * time.Minute)
	alive("within the job's timeout and margin")
	w.must(0, "run", w.script("true"), "build_script")

	// Seen from another host, of which it knows nothing.
	metadata := filepath.Join(w.dir, "metadata")
	if err := os.Rename(metadata, metadata+".away"); err != nil {
		t.Fatal(err)
	}
	alive("from another host")
	w.later(91 * time.Minute)
	w.reap(0)
	if w.ecs.Running() != 0 {
		t.Error("the deadline has passed, and the task runs")
	}
}

func TestReapStopsWhatOutlivedItsJob(t *testing.T) {
	tests := map[string]struct {
		lose func(*world)
		why  string
	}{
		"the host is lost": {func(w *world) { w.loseHost(); w.later(25 * time.Hour) },
			"its job's time was over at "},
		"the clean-up failed": {func(w *world) { w.change(func(known *state.Task) { known.Over = true }) },
			"its clean-up did not stop it"},
		"the state is gone": {func(w *world) { _ = os.RemoveAll(filepath.Join(w.dir, "metadata", "tasks")) },
			"its job is over"},
		"the job has another": {func(w *world) { w.change(func(known *state.Task) { known.ARN = "arn/other" }) },
			"its job has another task"},
		"its deadline has passed": {func(w *world) { w.later(25 * time.Hour) }, "its job's time was over at "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must(0, "prepare")
			test.lose(w)
			dry := w.reap(0, "--dry-run")
			if w.ecs.Running() != 1 || w.ecs.Calls("StopTask") != 0 ||
				!strings.Contains(dry.stdout,
					"Would stop Fargate task 00000000000000000000000000000001 of gitlab/runner-unknown/job-7/") {
				t.Errorf("--dry-run: %d tasks run; %s", w.ecs.Running(), dry.stdout)
			}
			got := w.reap(0)
			if w.ecs.Running() != 0 || !strings.Contains(got.stdout, test.why) ||
				!strings.Contains(w.ecs.Tasks()[0].StopReason, test.why) {
				t.Errorf("%d tasks run; %s", w.ecs.Running(), got.stdout)
			}
			if again := w.reap(0); again.stdout != "0 tasks run in the cluster, 0 stopped\n" {
				t.Errorf("again: %s", again.stdout)
			}
		})
	}
}

func TestReapForgetsWhatIsOver(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.later(25 * time.Hour)
	w.reap(0)
	w.reap(0, "--dry-run")
	if len(w.stateFiles()) != 1 {
		t.Error("--dry-run has changed the state")
	}
	w.reap(0)
	if len(w.stateFiles()) != 0 {
		t.Errorf("left: %v", w.stateFiles())
	}
}

func TestReapLeavesAloneWhatIsNotOurs(t *testing.T) {
	w := newWorld(t)
	w.configure(`Tags = {"gitlab-fargate-runners:stack" = "prod"}`)
	w.must(0, "prepare")
	w.configure(`Tags = {"gitlab-fargate-runners:stack" = "dev"}`)
	w.ecs.Add("gitlab/runner-1/job-8/0123456789abcdef") // of a driver that left no marks
	w.ecs.Add("ecs-svc/123")
	w.ecs.Add("")
	w.loseHost()
	w.later(25 * time.Hour)
	if got := w.reap(0); w.ecs.Running() != 4 {
		t.Errorf("%d tasks run; %s", w.ecs.Running(), got.stdout)
	}
	w.configure(`Tags = {"gitlab-fargate-runners:stack" = "prod"}`)
	if got := w.reap(0); w.ecs.Running() != 3 || w.ecs.Tasks()[0].Status != "STOPPED" {
		t.Errorf("%d tasks run; %s", w.ecs.Running(), got.stdout)
	}
}

func TestReapThroughThrottling(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.loseHost()
	w.later(25 * time.Hour)
	w.ecs.Lock()
	first := map[string]int{}
	w.ecs.Fail = func(action string, call int) string {
		if first[action] == 0 {
			first[action] = call
		}
		if call < first[action]+5 {
			return "ThrottlingException"
		}
		return ""
	}
	w.ecs.Unlock()
	w.reap(0)
	if w.ecs.Running() != 0 || len(first) < 3 {
		t.Errorf("%d tasks run; throttled: %v", w.ecs.Running(), first)
	}
}

func TestReapTellsWhatItCouldNotStop(t *testing.T) {
	w := newWorld(t)
	for id := range 3 {
		w.job(map[string]any{"id": id + 1, "token": "t"})
		w.must(0, "prepare")
	}
	w.loseHost()
	w.later(25 * time.Hour)
	failingAt("StopTask", 2, "AccessDeniedException")(w.ecs)
	got := w.reap(systemFailure)
	if w.ecs.Running() != 1 || !strings.Contains(got.stderr, "task 00000000000000000000000000000002 of gitlab/") ||
		!strings.Contains(got.stderr, "Hint: ") {
		t.Errorf("%d tasks run; %s", w.ecs.Running(), got.stderr)
	}
}

func TestReapsAtOnce(t *testing.T) {
	w := newWorld(t)
	const jobs = 6
	for id := range jobs {
		w.job(map[string]any{"id": id + 1, "token": "t"})
		w.must(0, "prepare")
	}
	w.loseHost()
	w.job(map[string]any{"id": 100, "token": "t", "runner_info": map[string]any{"timeout": 48 * 3600}})
	w.must(0, "prepare")
	w.later(25 * time.Hour)
	done := make(chan outcome)
	for range 3 {
		go func() { done <- w.execute(t.Context(), "reap") }()
	}
	for range 3 {
		if got := <-done; got.code != 0 {
			t.Errorf("exit code %d: %s", got.code, got.stderr)
		}
	}
	tasks := w.ecs.Tasks()
	if w.ecs.Running() != 1 || tasks[jobs].Status == "STOPPED" {
		t.Errorf("%d tasks run, want the live job's only", w.ecs.Running())
	}
}
