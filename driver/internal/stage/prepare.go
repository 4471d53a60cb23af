package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/limits"
	"gitlab-fargate-runners/driver/internal/printable"
	"gitlab-fargate-runners/driver/internal/runnerproc"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// progressEvery is how often the job's log says that the task does not run yet.
const progressEvery = 5 * time.Second

// Prepare starts the job's task and returns once a command can run in it. Where it fails or is cancelled, it stops what
// it started.
func (d *Driver) Prepare(ctx context.Context) error {
	if d.Config.NoProfile != nil {
		return d.Config.NoProfile
	}
	wanted, err := limits.Of(d.Config.Wanted, d.Config.Fargate)
	if err != nil {
		return err
	}
	build, err := d.build()
	if err != nil {
		return err
	}
	if d.Config.SSH.PrivateKeyPath != "" {
		d.Log.Warn("SSH.PrivateKeyPath in fargate.toml has no effect: each task has a key of its own")
	}
	services, err := d.services(build != nil)
	if err != nil {
		return err
	}
	d.tellIgnored(build)
	if err := d.clearEarlier(ctx); err != nil {
		return err
	}
	place, err := d.Tasks.Place()
	if err != nil {
		return err
	}
	if err := d.takeSlot(ctx); err != nil {
		return err
	}
	err = d.prepare(ctx, place, wanted, beside{build, services})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, task.ErrNotStarted):
		d.releaseSlot()()
		return err
	}
	// The log has the cause at once: to stop what may be left can take as long as the outage that caused it.
	d.printf("The task cannot be used: %v", err)
	if stopErr := d.stopAndForget(ctx, "prepare failed"); stopErr != nil {
		// The runner calls cleanup_exec next, which tries again.
		d.Log.Warn("stopping the task after a failed prepare", "error", stopErr)
	}
	return err
}

func (d *Driver) prepare(ctx context.Context, place task.Place, wanted limits.Size, has beside) error {
	d.tellAll(images.Collisions(has.services))
	private, public, err := sshconn.GenerateKey(d.Config.SSH.KeyType)
	if err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	known := state.NewTask(place.Cluster, d.Job.StartedBy(), private)
	known.Region, known.Username, known.Port = place.Region, d.Config.SSH.Username, d.Config.SSH.Port
	known.Deadline = d.deadline(known.IntendedAt)
	known.Runner = runnerproc.Find()
	d.Log.Debug("starting a task", "cluster", d.Config.Fargate.Cluster)
	if err := d.runTask(ctx, known, task.Request{Size: wanted, PublicKey: public}, has); err != nil {
		return err
	}
	// Logs of public projects are public, so addresses and names of the account stay out of them.
	d.Log.Debug("the task runs", "task", known.ARN, "address", known.Address)
	d.printf("Fargate task %s runs, connecting to it", task.ID(known.ARN))
	if err := d.firstContact(ctx, known, has); err != nil {
		return err
	}
	if err := d.Store.Save(d.Job.Key(), known); err != nil {
		return err
	}
	if err := d.Waits.Forget(d.Job.Key()); err != nil {
		d.Log.Warn("the record of the job's waits stays until its time is over", "error", err)
	}
	pull := ""
	if took := d.Tally.isReady(known.Provider, known.ARN); took >= time.Second {
		pull = ", of which it pulled its image for " + seconds(took)
	}
	d.printf("Fargate task is ready after %s%s", seconds(time.Since(known.IntendedAt)), pull)
	return nil
}

// start calls RunTask and writes the task's ARN down.
func (d *Driver) start(ctx context.Context, known *state.Task, request task.Request) error {
	host, err := d.Store.Host()
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), startCallTimeout)
	defer cancel()
	request.ClientToken, request.StartedBy, request.Tags = known.ClientToken(), known.StartedBy, d.Job.Tags()
	request.Lease = task.Lease{Host: host, Deadline: known.Deadline}
	arn, err := d.Tasks.Start(call, request)
	err = task.Blame(err, d.Config.Wanted)
	if errors.Is(err, task.ErrNotStarted) {
		// RunTask started nothing, so nobody has to look for a task.
		return errors.Join(err, d.Store.Remove(d.Job.Key()))
	}
	if err != nil {
		return err
	}
	known.ARN = arn
	return d.Store.Save(d.Job.Key(), known)
}

// deadline is when the job is certainly over. GitLab counts the job's time from before RunTask.
func (d *Driver) deadline(intendedAt time.Time) time.Time {
	timeout := d.Job.Timeout
	if timeout == 0 {
		timeout = d.Config.Fargate.JobTimeout.Duration
	}
	return intendedAt.Add(timeout + d.Config.Fargate.LifetimeMargin.Duration)
}

// clearEarlier stops what an earlier attempt left because its cleanup failed.
func (d *Driver) clearEarlier(ctx context.Context) error {
	earlier, err := d.Store.Load(d.Job.Key())
	if err == nil && earlier == nil {
		return nil
	}
	d.Log.Warn("an earlier attempt left its state", "error", err)
	return d.stopAndForget(ctx, "left by an earlier attempt")
}

// tellIgnored tells the job's log which of the job's keywords and variables have no effect here.
func (d *Driver) tellIgnored(build *images.Build) {
	const why = "is ignored: the job runs in the image of the task definition"
	definition := printable.Of(d.Config.Fargate.TaskDefinition)
	if d.Job.Image != "" && build == nil {
		d.printf("image: %s %s %s", printable.Of(d.Job.Image), why, definition)
	}
	if len(d.Config.Fargate.AllowedServices) == 0 {
		for _, service := range d.Job.Services {
			d.printf("services: %s %s %s", printable.Of(service.Image), why, definition)
		}
	}
	d.tellAll(limits.WithoutEffect(d.Job.Variables, d.Config.Wanted))
}

// progress returns a function that tells the job's log how far the task's start is.
func (d *Driver) progress() task.Progress {
	say := d.every()
	return func(status string, since time.Duration) { say(status, "Fargate task %s, %s", status, seconds(since)) }
}

// every returns a function that prints a line when the status changes or progressEvery has passed.
func (d *Driver) every() func(status, format string, args ...any) {
	last, at := "", time.Time{}
	return func(status, format string, args ...any) {
		if status == last && time.Since(at) < progressEvery {
			return
		}
		last, at = status, time.Now()
		d.printf(format, args...)
	}
}

func (d *Driver) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(d.Stdout, format+"\n", args...)
}

func seconds(d time.Duration) string {
	return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
}

func target(known *state.Task) sshconn.Target {
	return sshconn.Target{
		Address: known.Address, Port: known.Port, Username: known.Username,
		PrivateKey: known.PrivateKey, HostKey: known.HostKey,
	}
}

// ErrCancelled is the cause of a context that a signal of the runner has cancelled.
var ErrCancelled = failure.New("The job was cancelled in GitLab, its time was over, or gitlab-runner was stopped "+
	"before it had ended.",
	"cancelled by the runner (job cancelled or timed out)")
