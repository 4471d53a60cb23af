package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"gitlab-fargate-runners/driver/internal/sleep"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// Pauses between two rounds of the placements. A quota becomes free when another task ends, capacity when AWS has some:
// neither tells when. RunTask is limited to 20 calls a second in an account, and many jobs may wait.
const (
	firstPause   = 10 * time.Second
	longestPause = time.Minute
)

// runOnceThereIsRoom starts the task and waits until it runs. Where no placement has capacity, it tries all of them
// again until the job has waited as long as it may: others' tasks end, and AWS gets capacity back.
func (d *Driver) runOnceThereIsRoom(ctx context.Context, known *state.Task, request task.Request) error {
	noCapacity := healing{
		task.ErrNoCapacity, "No capacity: %v. The job waits for it, for %s more at most",
		func(last error, waited time.Duration) error { return noRoom{last, waited} },
	}
	say := d.printf
	return d.untilHealed(ctx, noCapacity, func(refused error) error {
		if refused != nil {
			known.Renew()
			say = d.quietly
		}
		return d.runTaskWithFallback(ctx, known, request, say)
	})
}

// startOnceNotThrottled calls RunTask and, where AWS throttles it in all tries of the SDK, repeats the same call for as
// long as a job may wait for capacity.
func (d *Driver) startOnceNotThrottled(ctx context.Context, known *state.Task, request task.Request) error {
	throttled := healing{
		task.ErrThrottled, "%v. The job tries again, for %s more at most",
		func(last error, _ time.Duration) error { return last },
	}
	return d.untilHealed(ctx, throttled, func(refused error) error {
		switch {
		case refused == nil:
			return d.start(ctx, known, request)
		case errors.Is(refused, task.ErrNotStarted):
			known.Renew()
		default:
			// The same call, so the same client token. Whoever looks for its task has to know how late it was made.
			known.IntendedAt = time.Now().UTC()
		}
		if err := d.Store.Save(d.Job.Key(), known); err != nil {
			return err
		}
		return d.start(ctx, known, request)
	})
}

// healing is a refusal that heals by itself.
type healing struct {
	// is is the refusal's error.
	is error
	// line tells the job's log the refusal and how much longer the job waits.
	line string
	// over makes the error of a job that has waited in vain.
	over func(last error, waited time.Duration) error
}

// untilHealed calls try, and again with growing pauses where try returns the refusal, until the job has waited for
// capacity as long as it may. try gets the refusal before, nil at first.
func (d *Driver) untilHealed(ctx context.Context, refusal healing, try func(refused error) error) error {
	err := try(nil)
	if !errors.Is(err, refusal.is) || ctx.Err() != nil {
		return err
	}
	budget := d.budgetFor(forCapacity, d.Config.Fargate.CapacityTimeout.Duration)
	left := budget.left() // before a slow disk takes part of a short one
	d.waits(forCapacity)
	pauses, say := pausesForRoom(), d.growing()
	for ; ; left = budget.left() {
		if left == 0 {
			return refusal.over(err, budget.limit)
		}
		say(refusal.line, err, seconds(left))
		if cancelled := sleep.For(ctx, min(left, pauses.NextBackOff())); cancelled != nil {
			return cancelled
		}
		if err = try(err); !errors.Is(err, refusal.is) || ctx.Err() != nil {
			return err
		}
	}
}

func pausesForRoom() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 1.5, RandomizationFactor: 0.2,
	}
}

// noRoom adds to the last refusal how long the job has waited.
type noRoom struct {
	error
	waited time.Duration
}

func (n noRoom) Error() string {
	return fmt.Sprintf("no capacity became free within %s: %v", n.waited, n.error)
}
func (n noRoom) Unwrap() error { return n.error }

// quietly is printf for what the job's log has said before.
func (d *Driver) quietly(format string, args ...any) { d.Log.Debug(fmt.Sprintf(format, args...)) }
