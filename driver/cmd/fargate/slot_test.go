package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/stage"
)

// nextJob makes another job the current one.
func (w *world) nextJob(id int) {
	w.job(map[string]any{"id": id, "token": fmt.Sprint("jobtok-", id), "job_info": map[string]any{"project_id": 3}})
}

// slots lists what is taken.
func (w *world) slots() []string {
	entries, _ := os.ReadDir(filepath.Join(w.dir, "metadata", "slots"))
	var names []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return names
}

func TestJobWaitsForASlot(t *testing.T) {
	w := newWorld(t)
	w.configure("MaxJobs = 1")
	if got := w.must(0, "prepare"); strings.Contains(got.stdout, "Waiting") {
		t.Errorf("the first job waits: %s", got.stdout)
	}
	w.nextJob(8)
	second := w.command("prepare")
	stdout, err := second.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	second.Stderr = second.Stdout
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, _ := stdout.Read(line)
	waiting := regexp.MustCompile(`^Waiting for one of 1 slots on this host, \d+ s; for 300 s more at most\n$`)
	if got := string(line[:n]); !waiting.MatchString(got) || w.ecs.Calls("RunTask") != 1 {
		t.Errorf("the second job's log begins %q; %d tasks started", got, w.ecs.Calls("RunTask"))
	}
	w.nextJob(7)
	w.must(0, "cleanup")
	rest := make([]byte, 4096)
	for {
		if _, err := stdout.Read(rest); err != nil {
			break
		}
	}
	if err := second.Wait(); err != nil || w.ecs.Running() != 1 || len(w.slots()) != 1 {
		t.Errorf("%v; %d tasks run, slots %v", err, w.ecs.Running(), w.slots())
	}
	w.nextJob(8)
	w.must(0, "run", w.script("true"), "build_script")
	w.must(0, "cleanup")
	if len(w.slots()) != 0 {
		t.Errorf("taken: %v", w.slots())
	}
}

func TestNoSlotInTime(t *testing.T) {
	for name, test := range map[string]struct {
		limit   string
		timeout int
		want    string
	}{
		"SlotTimeout":               {"300ms", 3600, "within 300ms: 1 jobs run"},
		"half of the job's timeout": {"5m", 1, "within 500ms: 1 jobs run"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(fmt.Sprintf("MaxJobs = 1\nSlotTimeout = %q", test.limit))
			w.must(0, "prepare")
			w.job(map[string]any{"id": 8, "token": "t", "runner_info": map[string]any{"timeout": test.timeout}})
			got := w.must(systemFailure, "prepare")
			if !strings.Contains(got.stderr, "ERROR: no slot became free on this host "+test.want) ||
				!strings.Contains(got.stderr, "Hint: Raise Fargate.MaxJobs") {
				t.Errorf("stderr: %s", got.stderr)
			}
			if w.ecs.Calls("RunTask") != 1 || len(w.slots()) != 1 {
				t.Errorf("%d tasks started, slots %v", w.ecs.Calls("RunTask"), w.slots())
			}
			w.must(0, "cleanup") // of the job that waited
			if len(w.slots()) != 1 || w.ecs.Running() != 1 {
				t.Error("another job's slot or task is gone")
			}
		})
	}
}

func TestCancelledWhileItWaitsForASlot(t *testing.T) {
	w := newWorld(t)
	w.configure("MaxJobs = 1")
	w.must(0, "prepare")
	w.nextJob(8)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(300*time.Millisecond, func() { cancel(stage.ErrCancelled) })
	got := w.call(ctx, "prepare")
	if got.code != systemFailure || !strings.Contains(got.stderr, "ERROR: cancelled by the runner") ||
		w.ecs.Calls("RunTask") != 1 || len(w.slots()) != 1 {
		t.Errorf("exit code %d, %d tasks started, slots %v: %s", got.code, w.ecs.Calls("RunTask"), w.slots(),
			got.stderr)
	}
}

func TestFailedPrepareGivesItsSlotBack(t *testing.T) {
	w := newWorld(t)
	w.configure("MaxJobs = 1")
	w.ecs.Failures = []string{unavailable}
	w.must(systemFailure, "prepare")
	if len(w.slots()) != 0 {
		t.Errorf("taken: %v", w.slots())
	}
}

// Where the clean-up cannot stop the task, reap has it; the next job does not wait for that.
func TestFailedCleanupGivesTheSlotBack(t *testing.T) {
	w := newWorld(t)
	w.configure("MaxJobs = 1")
	w.must(0, "prepare")
	failing("StopTask", "AccessDeniedException")(w.ecs)
	w.must(systemFailure, "cleanup")
	if len(w.slots()) != 0 {
		t.Errorf("taken: %v", w.slots())
	}
}

func TestWithoutABoundNothingIsKept(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	if _, err := os.Stat(filepath.Join(w.dir, "metadata", "slots")); !os.IsNotExist(err) {
		t.Errorf("the slots' directory: %v", err)
	}
}
