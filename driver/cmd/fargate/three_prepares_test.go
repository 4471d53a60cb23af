package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/stage"
)

// waitedFor makes the current job's wait begin earlier.
func (w *world) waitedFor(what string, ago time.Duration) {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "metadata", "waits", "*"))
	if err != nil || len(files) != 1 {
		w.t.Fatalf("the waits of one job, not %v: %v", files, err)
	}
	var record map[string]any
	content, err := os.ReadFile(files[0])
	if err == nil {
		err = json.Unmarshal(content, &record)
	}
	began, _ := record["began"].(map[string]any)
	if _, waited := began[what]; err != nil || !waited {
		w.t.Fatalf("%v: the job's waits are %s", err, content)
	}
	began[what] = time.Now().Add(-ago)
	if content, err = json.Marshal(record); err == nil {
		err = os.WriteFile(files[0], content, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// The runner calls prepare three times, each time after a cleanup. A job that has waited in the first does not wait
// again: its time would be over before it fails.
func TestTheRunnersFurtherPreparesWaitNoMore(t *testing.T) {
	for name, test := range map[string]struct {
		short, long, what, want string
		set                     func(*world)
	}{
		"for a slot": {"MaxJobs = 1\nSlotTimeout = \"10ms\"", "MaxJobs = 1\nSlotTimeout = \"9m\"", "slot",
			"no slot became free on this host within 9m0s: 1 jobs run", func(w *world) {
				w.must(0, "prepare")
				w.nextJob(8)
			}},
		"for capacity": {"", "", "capacity", "no capacity became free within 9m0s: ", func(w *world) {
			w.ecs.Failures = []string{unavailable}
			w.edit(`CapacityTimeout = "1ns"`, `CapacityTimeout = "10ms"`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(test.short)
			test.set(w)
			w.must(systemFailure, "prepare")
			w.configure(test.long)
			w.edit(`CapacityTimeout = "1ns"`, `CapacityTimeout = "9m"`)
			w.waitedFor(test.what, 10*time.Minute)
			for try := range 2 {
				w.must(0, "cleanup")
				// A prepare that waits is ended as by a cancel, and says so.
				ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Second, stage.ErrCancelled)
				got := w.call(ctx, "prepare")
				cancel()
				if got.code != systemFailure || !strings.Contains(got.stderr, "ERROR: "+test.want) {
					t.Errorf("try %d: exit code %d\n%s", try+2, got.code, got.stderr)
				}
			}
		})
	}
}
