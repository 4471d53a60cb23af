package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/job"
	"gitlab-fargate-runners/driver/internal/patience"
	"gitlab-fargate-runners/driver/internal/slot"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// account is an AWS account that is full until a time, and then refuses for another reason if it has one; it starts no
// task that can be used.
type account struct {
	Tasks
	full, after error
	until       time.Time
	asked       []time.Time
	tokens      map[string]bool
}

func (a *account) Placements(task.Lot) []task.Placement {
	return []task.Placement{{Name: "on-demand capacity"}}
}

func (a *account) Start(_ context.Context, request task.Request) (string, error) {
	a.asked = append(a.asked, time.Now())
	a.tokens[request.ClientToken] = true
	if time.Now().Before(a.until) {
		return "", a.full
	}
	return "arn", a.after
}

func (a *account) AwaitRunning(context.Context, string, task.Progress) (string, error) {
	return "10.0.0.1", nil
}

// refusal has the properties of what task.Start returns.
type refusal struct {
	error
	is []error
}

func (r refusal) Is(target error) bool {
	for _, one := range r.is {
		if one == target {
			return true
		}
	}
	return false
}

func (r refusal) Unwrap() error { return r.error }

var vcpus = refusal{failure.New("Ask AWS for more.", "the limit on the number of vCPUs"),
	[]error{task.ErrNoCapacity, task.ErrQuota, task.ErrNotStarted}}

// waiting is a driver whose job finds the account full.
type waiting struct {
	*Driver
	account *account
	log     *bytes.Buffer
}

func newWaiting(t *testing.T, directory string, full time.Duration, timeout time.Duration) waiting {
	t.Helper()
	store, err := state.Open(directory)
	if err != nil {
		t.Fatal(err)
	}
	log, account := &bytes.Buffer{}, &account{full: vcpus, until: time.Now().Add(full), tokens: map[string]bool{}}
	return waiting{&Driver{
		Config: &config.Config{Fargate: config.Fargate{CapacityTimeout: config.Duration{Duration: 15 * time.Minute}}},
		Job:    job.Job{ID: 7, Timeout: timeout}, Tasks: account, Store: store, Waits: patience.In(directory),
		Log: slog.New(slog.DiscardHandler), Stdout: log, Stderr: io.Discard,
	}, account, log}
}

func (w waiting) start(ctx context.Context) error {
	return w.runOnceThereIsRoom(ctx, state.NewTask("c", "s", "p"), task.Request{})
}

func TestAJobWaitsForCapacity(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, 10*time.Minute, 0)
		began := time.Now()
		if err := w.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if late := time.Since(began) - 10*time.Minute; late > longestPause*6/5 {
			t.Errorf("room was used %s after there was some", late)
		}
		asked := w.account.asked
		if len(asked) < 10 || len(asked) > 25 {
			t.Errorf("ECS was asked %d times in 10 minutes", len(asked))
		}
		// Each is a call of its own, that ECS must not answer as it answered the one before.
		if tokens := len(w.account.tokens); tokens != len(asked) {
			t.Errorf("%d client tokens for %d calls", tokens, len(asked))
		}
		if first := asked[1].Sub(asked[0]); first > 12*time.Second {
			t.Errorf("the first pause is %s", first)
		}
		// At once, and then rarely: the log is for people.
		lines := strings.Count(w.log.String(), "The job waits for it")
		begin := "Starting a Fargate task of  (on-demand capacity)\n" +
			"No capacity: the limit on the number of vCPUs. The job waits for it, for 900 s more at most\n"
		if !strings.HasPrefix(w.log.String(), begin) || lines < 4 || lines > 7 {
			t.Errorf("%d lines:\n%s", lines, w.log)
		}
	})
}

// The runner calls prepare three times: the second and the third find that the job has waited already.
func TestAJobWaitsForCapacityOnce(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, time.Hour, 0)
		began := time.Now()
		for try := 1; try <= 3; try++ {
			err := w.start(t.Context())
			var told *failure.Failure
			if !errors.Is(err, task.ErrNotStarted) || !errors.As(err, &told) || told.Hint != "Ask AWS for more." ||
				err.Error() != "no capacity became free within 15m0s: the limit on the number of vCPUs" {
				t.Errorf("try %d: %v", try, err)
			}
			if waited := time.Since(began); waited != 15*time.Minute {
				t.Errorf("try %d ends after %s", try, waited)
			}
			asked := len(w.account.asked)
			if err := w.start(t.Context()); err == nil || len(w.account.asked) != asked+1 {
				t.Errorf("%v; a further try asks ECS %d times", err, len(w.account.asked)-asked)
			}
		}
		files, err := w.Store.Load(w.Job.Key())
		if files != nil || err != nil {
			t.Errorf("left: %v, %v", files, err)
		}
	})
}

func TestWaitsLeaveHalfOfTheJobsTime(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, time.Hour, 20*time.Minute)
		w.waits(forSlot)
		time.Sleep(4 * time.Minute)
		began := time.Now()
		if err := w.start(t.Context()); err == nil || time.Since(began) != 6*time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestACancelEndsTheWaitForCapacity(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, time.Hour, 0)
		ctx, cancel := context.WithCancelCause(t.Context())
		began := time.Now()
		time.AfterFunc(100*time.Second, func() { cancel(ErrCancelled) })
		if err := w.start(ctx); !errors.Is(err, ErrCancelled) || time.Since(began) != 100*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestAnotherRefusalEndsTheWaitForCapacity(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, time.Minute, 0)
		gone := fmt.Errorf("no such cluster")
		w.account.after = gone
		if err := w.start(t.Context()); err != gone || len(w.account.asked) > 8 {
			t.Errorf("%v after %d tries", err, len(w.account.asked))
		}
	})
}

// full is a host all of whose slots are taken.
type full struct{ Slots }

func (full) Take(ctx context.Context, _ slot.Job, _ int, waiting func(time.Duration)) error {
	waiting(0)
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestAJobWaitsForASlotOnce(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, 0, 0)
		w.Slots, w.Config.Fargate.MaxJobs, w.Config.Fargate.SlotTimeout.Duration = full{}, 3, 45*time.Minute
		began := time.Now()
		for try := range 3 {
			const want = "no slot became free on this host within 45m0s: 3 jobs run, as many as it may run at once"
			if err := w.takeSlot(t.Context()); err == nil || err.Error() != want {
				t.Errorf("try %d: %v", try+1, err)
			}
			if waited := time.Since(began); waited != 45*time.Minute+time.Duration(try)*slot.OneLook {
				t.Errorf("try %d ends after %s", try+1, waited)
			}
		}
		if lines := strings.Count(w.log.String(), "Waiting for one of 3 slots"); lines != 3 {
			t.Errorf("%d lines:\n%s", lines, w.log)
		}
	})
}

// An earlier try of a throttled call may have started the task, so the call stays the same and ECS tells.
func TestAThrottledStartIsRepeated(t *testing.T) {
	directory := t.TempDir()
	throttled := refusal{failure.New("", "AWS throttled ecs:RunTask in every try: Rate exceeded"),
		[]error{task.ErrThrottled}}
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, 5*time.Minute, 0)
		w.account.full = throttled
		if err := w.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		const line = "Starting a Fargate task of  (on-demand capacity)\n" +
			"AWS throttled ecs:RunTask in every try: Rate exceeded. The job tries again, for 900 s more at most\n"
		if len(w.account.tokens) != 1 || len(w.account.asked) < 6 || !strings.HasPrefix(w.log.String(), line) {
			t.Errorf("%d calls with %d tokens:\n%s", len(w.account.asked), len(w.account.tokens), w.log)
		}
		known, err := w.Store.Load(w.Job.Key())
		if err != nil || known.ARN == "" || time.Since(known.IntendedAt) > time.Second {
			t.Errorf("%v: the state has %+v", err, known)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, t.TempDir(), time.Hour, 0)
		w.account.full = throttled
		began := time.Now()
		if err := w.start(t.Context()); !errors.Is(err, task.ErrThrottled) || time.Since(began) != 15*time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
