package stage

import (
	"context"
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
	limit := d.Config.Fargate.SlotTimeout.Duration
	if half := d.Job.Timeout / 2; half > 0 {
		limit = min(limit, half)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, failure.New(
		"Raise Fargate.MaxJobs in fargate.toml or add a host; `retry: {when: runner_system_failure}` runs the job "+
			"again.",
		"no slot became free on this host within %s: %d jobs run, as many as it may run at once", limit, most))
	defer cancel()
	say := d.every()
	asking := slot.Job{Key: d.Job.Key(), Runner: runnerproc.Find(), Until: d.deadline(time.Now())}
	return d.Slots.Take(ctx, asking, most, func(since time.Duration) {
		say("", "Waiting for one of %d slots on this host, %s", most, seconds(since))
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
