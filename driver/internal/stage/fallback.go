package stage

import (
	"context"
	"errors"
	"slices"

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
	for placements := d.Tasks.Placements(); ; {
		request.Placement = placements[0]
		err := d.startAndAwait(ctx, known, request)
		placements = worthTrying(placements, err)
		if err == nil || len(placements) == 0 || ctx.Err() != nil {
			return err
		}
		d.printf("No capacity: %v", err)
		d.printf("Trying %s", placements[0].Name)
		// Another request needs another client token.
		known.Renew()
	}
}

// worthTrying returns those of the placements that are left after the first one's error. A quota of the account is the
// same in every subnet.
func worthTrying(placements []task.Placement, err error) []task.Placement {
	first, rest := placements[0], placements[1:]
	switch {
	case !errors.Is(err, task.ErrNoCapacity):
		return nil
	case !errors.Is(err, task.ErrQuota):
		return rest
	}
	for len(rest) > 0 && slices.Equal(rest[0].Providers, first.Providers) {
		rest = rest[1:]
	}
	return rest
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
