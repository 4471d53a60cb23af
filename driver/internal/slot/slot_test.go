package slot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/runnerproc"
)

var errCancelled = errors.New("cancelled")

// silent is for those who do not look at the progress.
func silent(time.Duration) {}

func (w *world) take(ctx context.Context, key string, runner *runnerproc.Process, until time.Duration) error {
	return w.slots.Take(ctx, Job{key, runner, time.Now().Add(until)}, 1, silent)
}

// isFull tells whether the one slot is taken.
func (w *world) isFull() bool {
	w.t.Helper()
	waits := errors.New("waits")
	ctx, cancel := context.WithCancelCause(w.t.Context())
	err := w.slots.Take(ctx, Job{"asking", nil, time.Now().Add(time.Hour)}, 1, func(time.Duration) { cancel(waits) })
	if err != nil && !errors.Is(err, waits) {
		w.t.Fatal(err)
	}
	if err == nil {
		w.release("asking")
	}
	return err != nil
}

func (w *world) release(key string) {
	w.t.Helper()
	if err := w.slots.Release(key); err != nil {
		w.t.Error(err)
	}
}

func TestWhatFreesASlot(t *testing.T) {
	ended := &runnerproc.Process{Boot: "of another boot"}
	self := runnerproc.Self()
	tests := map[string]struct {
		runner *runnerproc.Process
		until  time.Duration
		free   func(*world)
	}{
		"its release":       {self, time.Hour, func(w *world) { w.release("job") }},
		"its runner's end":  {ended, time.Hour, nil},
		"its job's time":    {self, -time.Second, nil},
		"a host's crash":    {self, time.Hour, func(w *world) { w.write("job", "") }},
		"an unknown runner": {nil, -time.Second, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if err := w.take(t.Context(), "job", test.runner, test.until); err != nil {
				t.Fatal(err)
			}
			if test.free != nil {
				if !w.isFull() {
					t.Fatal("two jobs have the one slot")
				}
				test.free(w)
			}
			if w.isFull() {
				t.Error("the slot is still taken")
			}
			if err := w.slots.Sweep(time.Now()); err != nil {
				t.Error(err)
			}
			if files := w.files(); len(files) != 0 {
				t.Errorf("left: %v", files)
			}
		})
	}
}

func TestSweepKeepsWhatIsHeld(t *testing.T) {
	w := newWorld(t)
	if err := w.slots.Sweep(time.Now()); err != nil {
		t.Errorf("before the first slot: %v", err)
	}
	if err := w.take(t.Context(), "job", nil, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := w.slots.Sweep(time.Now()); err != nil || !w.isFull() {
		t.Errorf("%v; full: %v", err, w.isFull())
	}
	if err := w.slots.Sweep(time.Now().Add(2 * time.Hour)); err != nil || w.isFull() {
		t.Errorf("after the job's time: %v; full: %v", err, w.isFull())
	}
}

// A second attempt of a job whose first one left its slot has it already.
func TestAJobHasOneSlot(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		if err := w.take(t.Context(), "job", nil, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	w.release("job")
	w.release("job") // none is fine
	if err := w.slots.TransferToSelf("job"); err != nil || w.isFull() {
		t.Errorf("a slot came of nothing: %v", err)
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	for _, place := range []string{"first in line", "behind another"} {
		t.Run(place, func(t *testing.T) {
			w := newWorld(t)
			if err := w.take(t.Context(), "job", nil, time.Hour); err != nil {
				t.Fatal(err)
			}
			if place == "behind another" {
				w.start("other", 1).awaitQueued()
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			err := w.slots.Take(ctx, Job{Key: "late"}, 1, func(time.Duration) { cancel(errCancelled) })
			if !errors.Is(err, errCancelled) {
				t.Errorf("got %v", err)
			}
			if files := w.files(); len(files) != 1 {
				t.Errorf("slots: %v", files)
			}
		})
	}
}

func TestPrivate(t *testing.T) {
	w := newWorld(t)
	if err := w.take(t.Context(), "job", nil, time.Hour); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{w.slots.directory: 0o700,
		filepath.Join(w.slots.directory, "job"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

func TestDirectoryThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := In(file).Take(t.Context(), Job{Key: "job"}, 1, silent)
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}
