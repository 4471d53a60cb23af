package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/task"
)

// killedBySignal is the exit code of a shell whose command SIGKILL ended.
const killedBySignal = 128 + 9

// skew is how far GitLab's clock and the clock of the runner's host may differ.
const skew = 10 * time.Second

// Explain adds to a call's error what only the driver knows: that the job's time is over, or why a script was killed.
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

// tellKilled explains exit code 137 in the job's log. The script may have chosen the code itself, so the code stays the
// job's result.
func (d *Driver) tellKilled(ctx context.Context) {
	known, err := d.Store.Load(d.Job.Key())
	if err != nil || known == nil {
		return
	}
	bound := "has a limit on its memory"
	memory, own := d.Tasks.MemoryLimit(ctx, known.ARN)
	if memory != "" {
		bound = "may use " + memory + " MiB of memory"
	}
	way := "a larger task definition"
	switch {
	case own:
		way = "the memory of container " + task.Container + " in the task definition, which FARGATE_MEMORY leaves as it is"
	case d.Config.Fargate.MaxMemory > 0:
		way = "FARGATE_MEMORY"
	}
	_, _ = fmt.Fprintf(d.Stderr,
		"Exit code 137: a process was killed (SIGKILL), most often for lack of memory; the task %s. Hint: give the "+
			"job more by %s.\n", bound, way)
}
