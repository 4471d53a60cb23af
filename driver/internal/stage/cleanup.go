package stage

import (
	"context"
	"fmt"
	"strings"

	"gitlab-fargate-runners/driver/internal/task"
)

// Cleanup stops the job's task and removes its state. The runner may call it again. It needs no state, because it finds
// the task by its startedBy.
func (d *Driver) Cleanup(ctx context.Context) error {
	return d.stopAndForget(ctx, "the job is over")
}

// stopAndForget goes on when ctx is cancelled; Fargate.StopTimeout bounds it. It keeps the state where ECS did not
// confirm a stop, so that a later call knows what is left.
func (d *Driver) stopAndForget(ctx context.Context, why string) error {
	ctx = context.WithoutCancel(ctx)
	defer d.releaseSlot()()
	known := task.Ref{StartedBy: d.Job.StartedBy()}
	saved, err := d.Store.Load(d.Job.Key())
	if err != nil {
		d.Log.Warn("going on without the task's state", "error", err)
	}
	if saved != nil {
		known.Place = task.Place{Region: saved.Region, Cluster: saved.Cluster}
		known.ARN, known.CalledUntil = saved.ARN, saved.IntendedAt.Add(startCallTimeout)
		// From now on reap knows that the job no longer needs its task, even if this call is killed.
		saved.Over = true
		if err := d.Store.Save(d.Job.Key(), saved); err != nil {
			d.Log.Warn("cannot write down that the job is over", "error", err)
		}
	}
	stopped, err := d.Tasks.StopAll(ctx, known, fmt.Sprintf("GitLab job %d: %s", d.Job.ID, why))
	for _, arn := range stopped {
		d.Log.Info("stopped the task", "task", task.ID(arn), "job", d.Job.ID, "reason", why)
	}
	if err != nil {
		return fmt.Errorf("stopping the tasks of job %d: %w", d.Job.ID, err)
	}
	if err := d.Store.Remove(d.Job.Key()); err != nil {
		return err
	}
	d.printf("%s", summary(stopped))
	return nil
}

func summary(stopped []string) string {
	if len(stopped) == 0 {
		return "No Fargate task was left to stop"
	}
	ids := make([]string, len(stopped))
	for i, arn := range stopped {
		ids[i] = task.ID(arn)
	}
	return "Stopped Fargate task " + strings.Join(ids, ", ")
}
