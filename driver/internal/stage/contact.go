package stage

import (
	"context"
	"errors"
	"sync"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/install"
	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/printable"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// installAttempts is how often the driver tries to bring ci-agent into the task when connections break.
const installAttempts = 3

// firstContact connects to the task, pins its host key and makes sure that the task has ci-agent, and that its other
// containers are ready.
func (d *Driver) firstContact(ctx context.Context, known *state.Task, has beside) error {
	say, wait := d.progress(), d.waitForServices(has.services)
	for attempt := 1; ; attempt++ {
		connection, err := d.connectWatched(ctx, known, task.Stopping, func(err error, since time.Duration) {
			d.Log.Debug("sshd does not answer yet", "error", err)
			say("up, its sshd not yet", since)
		})
		if err != nil {
			return err
		}
		known.HostKey = connection.PinnedKey()
		err = d.installAgent(ctx, connection, known)
		lost := true
		if err == nil && len(has.services) > 0 {
			lost, err = d.nameServices(ctx, connection, known, has.services)
		}
		if err == nil && has.build != nil {
			lost, err = d.joinBuild(ctx, connection, known, has)
		}
		if err == nil && len(has.services) > 0 {
			lost, err = wait.until(ctx, connection, known)
		}
		if err == nil {
			d.tellServiceLogs(ctx, known)
		}
		_ = connection.Close()
		if err == nil || !lost || ctx.Err() != nil || attempt == installAttempts {
			return err
		}
		d.Log.Debug("connecting again", "error", err)
	}
}

// connectWatched connects to the task. When the task is over meanwhile, it returns the reason at once.
func (d *Driver) connectWatched(
	ctx context.Context, known *state.Task, over task.Over, retrying sshconn.Attempt,
) (Connection, error) {
	ctx, end := whileWatching(ctx, func(ctx context.Context) error { return d.Tasks.Await(ctx, known.ARN, over) })
	defer end()
	return d.Connect(ctx, target(known), retrying)
}

// whileWatching returns a context that ends, with the reason, as soon as watch returns one. The function that it returns
// ends watch and waits for it.
func whileWatching(ctx context.Context, watch func(context.Context) error) (watching context.Context, end func()) {
	watching, cancel := context.WithCancelCause(ctx)
	var over sync.WaitGroup
	over.Go(func() { cancel(watch(watching)) })
	return watching, func() {
		cancel(nil)
		over.Wait()
	}
}

// installAgent returns an error only where the connection was lost. A task that cannot have an agent is no error.
func (d *Driver) installAgent(ctx context.Context, connection Connection, known *state.Task) error {
	limit := d.Config.SSH.ConnectTimeout.Duration
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		&install.Unusable{Reason: "it was not there after " + limit.String()})
	defer cancel()
	serving := ""
	if understood(known.Agent) {
		serving = known.Agent.Directory
	}
	found, err := install.Install(ctx, connection, d.AgentFile, d.Job.RunnerVersion, serving)
	var unusable *install.Unusable
	if err != nil && !errors.As(err, &unusable) {
		return err
	}
	if found.Helper != "" {
		d.tellHelper(found.Helper)
	}
	if unusable != nil {
		known.Agent = nil
		d.printf("A lost connection will end the job, as its stages run without ci-agent: %s",
			printable.Of(unusable.Reason))
		return nil
	}
	known.Agent = &state.Agent{Protocol: wire.Version, Path: found.Agent, Directory: found.Directory}
	d.Log.Debug("ci-agent is in the task", "task", task.ID(known.ARN), "path", found.Agent)
	return nil
}

// tellHelper tells the job's log that the task's gitlab-runner may refuse what the runner's scripts ask of it. The
// runner takes that for a warning, so that nobody would learn why there is never a cache.
func (d *Driver) tellHelper(version string) {
	d.printf("The image's gitlab-runner is %s, but the scripts are those of runner %s: cache: and artifacts: may not "+
		"work. Put gitlab-runner-helper %[2]s of GitLab's release into the image, as gitlab-runner",
		printable.Of(version), d.Job.RunnerVersion)
}
