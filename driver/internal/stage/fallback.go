package stage

import (
	"context"
	"errors"
	"time"

	"gitlab-fargate-runners/driver/internal/limits"
	"gitlab-fargate-runners/driver/internal/printable"
	"gitlab-fargate-runners/driver/internal/sleep"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// runTaskWithFallback starts the task and waits until it runs. Where a placement lacks capacity, it says so and goes on
// to the next.
func (d *Driver) runTaskWithFallback(
	ctx context.Context, known *state.Task, request task.Request, say func(format string, args ...any),
) error {
	placements := d.placements()
	say("Starting a Fargate task of %s%s (%s)", printable.Of(d.Config.Fargate.TaskDefinition), sizes(request.Size),
		placements[0].Name)
	for {
		request.Placement = placements[0]
		err := d.startOnceRightsAreKnown(ctx, known, request)
		d.Tally.noCapacity(placements[0].Provider, err)
		placements = worthTrying(placements, err)
		if err == nil || len(placements) == 0 || ctx.Err() != nil {
			return err
		}
		say("No capacity: %v", err)
		say("Trying %s", placements[0].Name)
		// Another request needs another client token.
		known.Renew()
	}
}

// sizes tells what a job asks ECS for beside the task definition; "" where it asks for nothing.
func sizes(wanted limits.Size) string {
	if text := wanted.String(); text != "" {
		return " with " + text
	}
	return ""
}

func (d *Driver) placements() []task.Placement {
	return d.Tasks.Placements(task.Lot{Number: d.Job.Lot(), Running: d.Store.Providers})
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
	for len(rest) > 0 && rest[0].Provider == first.Provider {
		rest = rest[1:]
	}
	return rest
}

// A change of IAM is seen everywhere after some seconds, of which AWS states no bound.
const (
	rightsSpread = time.Minute
	rightsPause  = time.Second
)

// startOnceRightsAreKnown repeats a start that AWS refuses for rights or roles, while the configuration is new: the
// deployment that has written it may have changed those rights a moment before.
func (d *Driver) startOnceRightsAreKnown(ctx context.Context, known *state.Task, request task.Request) error {
	until := d.rightsAreKnown()
	for said := false; ; said = true {
		err := d.startAndAwait(ctx, known, request)
		refused := errors.Is(err, task.ErrNoRights) && errors.Is(err, task.ErrNotStarted)
		if !refused || time.Now().After(until) {
			return err
		}
		if !said {
			d.printf("The host's configuration is new, AWS may not know its rights everywhere yet: trying again, for %s",
				seconds(time.Until(until)))
		}
		if sleep.For(ctx, rightsPause) != nil {
			return err
		}
		known.Renew()
	}
}

// rightsAreKnown is when AWS knows what was granted when the configuration was written.
func (d *Driver) rightsAreKnown() time.Time {
	return time.Now().Add(rightsSpread - max(0, time.Since(d.Config.Changed)))
}

// startAndAwait writes the intent down before it calls RunTask.
func (d *Driver) startAndAwait(ctx context.Context, known *state.Task, request task.Request) error {
	known.Provider = request.Placement.Provider
	if err := d.Store.Save(d.Job.Key(), known); err != nil {
		return err
	}
	if err := d.startOnceNotThrottled(ctx, known, request); err != nil {
		return err
	}
	d.tellLinks(known.ARN)
	var err error
	known.Address, err = d.Tasks.AwaitRunning(ctx, known.ARN, d.progress())
	return err
}
