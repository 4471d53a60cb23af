package stage

import (
	"context"
	"errors"
	"time"

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
		err := d.startOnceRightsAreKnown(ctx, known, request)
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

// A change of IAM is seen everywhere after some seconds, of which AWS states no bound.
const (
	rightsSpread = time.Minute
	rightsPause  = time.Second
)

// startOnceRightsAreKnown repeats a start that AWS refuses for rights or roles, while the configuration is new: the
// deployment that has written it may have changed those rights a moment before.
func (d *Driver) startOnceRightsAreKnown(ctx context.Context, known *state.Task, request task.Request) error {
	until := time.Now().Add(rightsSpread - max(0, time.Since(d.Config.Changed)))
	for said := false; ; said = true {
		err := d.startAndAwait(ctx, known, request)
		if !errors.Is(err, task.ErrNoRights) || time.Now().After(until) {
			return err
		}
		if !said {
			d.printf("The host's configuration is new, AWS may not know its rights everywhere yet: trying again, for %s",
				seconds(time.Until(until)))
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rightsPause):
		}
		known.Renew()
	}
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
