package stage

import (
	"context"
	"sync"
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/runnerproc"
	"gitlab-fargate-runners/driver/internal/slot"
)

// takeSlot waits until fewer jobs than Fargate.MaxJobs run on this host. The runner's own `concurrent` cannot bound the
// jobs, because with long polling it counts idle runners too.
func (d *Driver) takeSlot(ctx context.Context) error {
	most := d.Config.Fargate.MaxJobs
	if most == 0 {
		return nil
	}
	budget := d.budgetFor(forSlot, d.Config.Fargate.SlotTimeout.Duration)
	ctx, cancel := context.WithTimeoutCause(ctx, max(budget.left(), slot.OneLook), failure.New(
		"Raise Fargate.MaxJobs in fargate.toml or add a host; `retry: {when: runner_system_failure}` runs the job "+
			"again.",
		"no slot became free on this host within %s: %d jobs run, as many as it may run at once", budget.limit, most))
	defer cancel()
	say, begin := d.growing(), sync.OnceFunc(func() { d.waits(forSlot) })
	asking := slot.Job{Key: d.Job.Key(), Runner: runnerproc.Find(), Until: d.deadline(time.Now())}
	return d.Slots.Take(ctx, asking, most, func(since time.Duration) {
		begin()
		say("Waiting for one of %d slots on this host, %s; for %s more at most", most, seconds(since),
			seconds(budget.left()))
	})
}

// releaseSlot makes the job's slot end with this call, even if the call is killed: the runner calls the driver for this
// job no more. The caller calls the function that it returns to free the slot.
func (d *Driver) releaseSlot() (release func()) {
	warn := func(err error) {
		if err != nil {
			d.Log.Warn("the job's slot stays taken until its time is over", "error", err)
		}
	}
	warn(d.Slots.TransferToSelf(d.Job.Key()))
	return func() { warn(d.Slots.Release(d.Job.Key())) }
}
