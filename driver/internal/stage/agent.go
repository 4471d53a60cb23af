package stage

import (
	"context"
	"errors"
	"io"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// runUnderAgent runs the script under ci-agent, which keeps the stage alive when the connection is lost: under the one in
// the container of the job's image, where that is given.
func (d *Driver) runUnderAgent(
	ctx context.Context, known *state.Task, script io.ReaderAt, build *state.Build,
) error {
	settings := d.Config.SSH
	retrying := func(err error, since time.Duration) {
		d.Log.Debug("the task does not answer", "error", err, "since", since)
	}
	stage := &attach.Execution{
		Program: known.Agent.Path, Agent: wire.Agent{Directory: known.Agent.Directory},
		Script: script, Log: d.Stdout,
		Grace: settings.KillGracePeriod.Duration, ReconnectTimeout: settings.ReconnectTimeout.Duration,
		Pause: settings.RetryInterval.Duration, MaxPause: settings.MaxRetryInterval.Duration,
		Connect: func(ctx context.Context) (attach.Connection, error) {
			connection, err := d.connectWatched(ctx, known, task.Ended, retrying)
			if err != nil {
				return nil, err
			}
			return agentConnection{connection}, nil
		},
		Reconnect: func(ctx context.Context) (attach.Connection, error) {
			connection, err := d.connectWatched(ctx, known, task.Ended, retrying)
			if err != nil {
				return nil, d.permanent(ctx, known, err)
			}
			return agentConnection{connection}, nil
		},
		Restore: func(ctx context.Context) (string, error) {
			err := d.bringAgentBack(ctx, known, "the job has removed ci-agent from the task")
			if err == nil && known.Agent == nil {
				err = attach.ErrNoAgent
			}
			if err != nil {
				return "", err
			}
			return known.Agent.Path, nil
		},
		// The job's log does not show this: it is to look as if nothing had happened.
		Reconnecting: func(err error, received int64) {
			d.Log.Debug("the connection to the task was lost; reconnecting", "error", err, "received", received)
		},
	}
	if build != nil {
		stage.Agent = wire.Agent{Socket: build.Socket, User: build.User}
	}
	return stage.Run(ctx)
}

// bringAgentBack installs ci-agent anew, for example after a stage has removed it, as one does that clears /run or
// /tmp. The agent that serves is the same as before, unless it is another driver's. Where the task can have none any
// more, the job's log and the state say so, and the following stages run in plain sessions.
func (d *Driver) bringAgentBack(ctx context.Context, known *state.Task, why string) error {
	d.Log.Info(why, "path", known.Agent.Path)
	connection, err := d.connectWatched(ctx, known, task.Ended, func(error, time.Duration) {})
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	if err := d.installAgent(ctx, connection, known); err != nil {
		return err
	}
	return d.Store.Save(d.Job.Key(), known)
}

// permanent marks an error that a further attempt cannot heal: the task has ended, or another machine answers.
func (d *Driver) permanent(ctx context.Context, known *state.Task, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if over := d.Tasks.Check(ctx, known.ARN, task.Ended); over != nil {
		return &attach.Permanent{Err: over}
	}
	if errors.Is(err, sshconn.ErrHostKey) {
		return &attach.Permanent{Err: err}
	}
	return err
}

// agentConnection is a connection in the form that attach needs.
type agentConnection struct{ Connection }

func (c agentConnection) Exec(command string) (attach.Stream, error) {
	stream, err := c.Connection.Exec(command)
	if err != nil {
		return nil, err
	}
	return stream, nil
}
