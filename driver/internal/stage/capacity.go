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
// again with growing pauses until the job has waited as long as it may: others' tasks end, and AWS gets capacity back.
func (d *Driver) runOnceThereIsRoom(ctx context.Context, known *state.Task, request task.Request) error {
	err := d.runTaskWithFallback(ctx, known, request, d.printf)
	if !errors.Is(err, task.ErrNoCapacity) || ctx.Err() != nil {
		return err
	}
	budget := d.budgetFor(forCapacity, d.Config.Fargate.CapacityTimeout.Duration)
	left := budget.left() // before a slow disk takes part of a short one
	d.waits(forCapacity)
	pauses, say := pausesForRoom(), d.growing()
	for ; ; left = budget.left() {
		if left == 0 {
			return noRoom{err, budget.limit}
		}
		say("No capacity: %v. The job waits for it, for %s more at most", err, seconds(left))
		if cancelled := sleep.For(ctx, min(left, pauses.NextBackOff())); cancelled != nil {
			return cancelled
		}
		known.Renew()
		err = d.runTaskWithFallback(ctx, known, request, d.quietly)
		if !errors.Is(err, task.ErrNoCapacity) || ctx.Err() != nil {
			return err
		}
	}
}

func pausesForRoom() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 1.5, RandomizationFactor: 0.2,
	}
}

// startOnceNotThrottled calls RunTask and, where AWS throttles it in all tries of the SDK, repeats the same call for as
// long as a job may wait for capacity.
func (d *Driver) startOnceNotThrottled(ctx context.Context, known *state.Task, request task.Request) error {
	err := d.start(ctx, known, request)
	if !errors.Is(err, task.ErrThrottled) || ctx.Err() != nil {
		return err
	}
	budget := d.budgetFor(forCapacity, d.Config.Fargate.CapacityTimeout.Duration)
	d.waits(forCapacity)
	pauses, say := pausesForRoom(), d.growing()
	for errors.Is(err, task.ErrThrottled) && ctx.Err() == nil {
		left := budget.left()
		if left == 0 {
			return err
		}
		say("%v. The job tries again, for %s more at most", err, seconds(left))
		if cancelled := sleep.For(ctx, min(left, pauses.NextBackOff())); cancelled != nil {
			return cancelled
		}
		if errors.Is(err, task.ErrNotStarted) {
			known.Renew()
		} else {
			// The same call, so the same client token. Whoever looks for its task has to know how late it was made.
			known.IntendedAt = time.Now().UTC()
		}
		if err := d.Store.Save(d.Job.Key(), known); err != nil {
			return err
		}
		err = d.start(ctx, known, request)
	}
	return err
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
