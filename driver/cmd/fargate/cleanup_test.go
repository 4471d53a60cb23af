package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
	failingWhere("StopTask", "ThrottlingException", func(call int) bool { return call <= 3 })(w.ecs)
	w.must(0, "cleanup")
	if w.ecs.Running() != 0 || w.ecs.Calls("StopTask") < 4 {
		t.Errorf("%d tasks run after %d calls", w.ecs.Running(), w.ecs.Calls("StopTask"))
	}
}

func TestCleanupThatCannotStopKeepsItsState(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	failing("StopTask", "AccessDeniedException")(w.ecs)
	got := w.must(systemFailure, "cleanup")
	if !strings.Contains(got.stderr, "AWS denied ecs:StopTask") ||
		!strings.Contains(got.stderr, "Hint: Allow ecs:StopTask") {
		t.Errorf("stderr: %s", got.stderr)
	}
	if len(w.stateFiles()) != 1 {
		t.Error("the state of a task that still runs was removed")
	}
}
