package stage

import (
	"context"
	"errors"

	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// runTaskWithFallback starts the task and waits until it runs. Where a placement lacks capacity, it goes on to the
// next.
func (d *Driver) runTaskWithFallback(ctx context.Context, known *state.Task, request task.Request) error {
	settings := d.Config.Fargate
	with := ""
	if text := request.Size.String(); text != "" {
		with = " with " + text
	}
	d.printf("Starting a Fargate task of %s%s in cluster %s", printable(settings.TaskDefinition), with,
		settings.Cluster)
	placements := d.Tasks.Placements()
	for i, placement := range placements {
		request.Placement = placement
		err := d.startAndAwait(ctx, known, request)
		if err == nil || !errors.Is(err, task.ErrNoCapacity) || i+1 == len(placements) || ctx.Err() != nil {
			return err
		}
		d.printf("No capacity: %v", err)
		d.printf("Trying %s", placements[i+1].Name)
		// Another request needs another client token.
		known.Renew()
	}
	return nil
}

// startAndAwait writes the intent down before it calls RunTask.
func (d *Driver) startAndAwait(ctx context.Context, known *state.Task, request task.Request) error {
	if err := d.Store.Save(d.Job.Key(), known); err != nil {
		return err
	}
	if err := d.start(ctx, known, request); err != nil {
		return err
	}
	var err error
	known.Address, err = d.Tasks.AwaitRunning(ctx, known.ARN, d.progress())
	return err
}
