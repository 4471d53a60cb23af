package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
)

// killedBySignal is a shell's exit code where SIGKILL ended a command.
const killedBySignal = 128 + 9

// skew is how far the clocks of GitLab and of the runner's host may differ.
const skew = 10 * time.Second

// Explain adds what only the driver knows to a call's error: that the job's time is over, or what a killed script lacked.
func (d *Driver) Explain(ctx context.Context, err error) error {
	var script *failure.Script
	switch {
	case errors.Is(err, ErrCancelled):
		known := !d.Job.StartedAt.IsZero() && d.Job.Timeout > 0
		if known && time.Now().After(d.Job.StartedAt.Add(d.Job.Timeout-skew)) {
			return failure.Wrap(err, "Raise `timeout:` of the job, the project's timeout, or the runner's maximum.",
				"the job's timeout of %s is over", d.Job.Timeout)
		}
	case errors.As(err, &script) && script.Code == killedBySignal:
		d.tellKilled(ctx)
	}
	return err
}

// tellKilled explains exit code 137 to the job's log. The script may have chosen it itself, so it stays the job's result.
func (d *Driver) tellKilled(ctx context.Context) {
	known, err := d.Store.Load(d.Job.Key())
	if err != nil || known == nil {
		return
	}
	bound := "has a limit on its memory"
	if memory := d.Tasks.MemoryLimit(ctx, known.ARN); memory != "" {
		bound = "may use " + memory + " MiB of memory"
	}
	way := "a larger task definition"
	if d.Config.Fargate.MaxMemory > 0 {
		way = "FARGATE_MEMORY"
	}
	_, _ = fmt.Fprintf(d.Stderr,
		"Exit code 137: a process was killed (SIGKILL), most often for lack of memory; the task %s. Hint: give the "+
			"job more by %s.\n", bound, way)
}
