// Package attach is the driver's side of ci-agent: it runs a stage in the task, however often the connection is lost.
package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/random"
	"gitlab-fargate-runners/driver/internal/shellquote"
)

// Stream is a running command in the task; *sshconn.Command is one.
type Stream interface {
	io.ReadWriteCloser
	ExitCode(limit time.Duration) (code int, known bool)
	Stderr() string
}

// Connection is a connection to the task.
type Connection interface {
	Exec(command string) (Stream, error)
	Close() error
}

// Execution runs a script under ci-agent.
type Execution struct {
	// Program is ci-agent's path in the task, Agent the one that is to run the stage.
	Program string
	Agent   wire.Agent
	Script  io.ReaderAt
	// Log gets standard output and standard error.
	Log io.Writer
	// Grace is the time between SIGTERM and SIGKILL.
	Grace time.Duration
	// ReconnectTimeout bounds the time without a sign of the stage after the driver has lost a connection.
	ReconnectTimeout time.Duration
	// Pause and MaxPause bound the pause between two sessions that fail.
	Pause, MaxPause time.Duration
	// Connect connects to the task for the first time.
	Connect func(ctx context.Context) (Connection, error)
	// Reconnect connects again. An error that is Permanent ends the stage; the driver tries again after any other.
	Reconnect func(ctx context.Context) (Connection, error)
	// Restore brings the program back into a task in which it is no more, and returns its path. An error that is
	// ErrNoAgent says that the task can have none; the driver tries again after any other.
	Restore func(ctx context.Context) (program string, err error)
	// Reconnecting is called with the reason why a session was lost.
	Reconnecting func(err error, received int64)

	token string
	// begun changes from unsent when the script's last byte is sent, or when the job is cancelled, whichever comes
	// first.
	begun   atomic.Int32
	started bool
	// The log has received bytes of output; the agent knows of acked.
	received, acked int64
	// lostAt is when the last session ended that brought output or lasted; zero while there is such a session.
	lostAt    time.Time
	scriptErr atomic.Pointer[error]
	// restored counts how often the program was brought back.
	restored int
}

// These are the values of Execution.begun.
const (
	unsent int32 = iota
	sent
	cancelled
)

// Permanent marks an error of Reconnect that does not heal.
type Permanent struct{ Err error }

func (p *Permanent) Error() string { return p.Err.Error() }

// Unwrap returns the error.
func (p *Permanent) Unwrap() error { return p.Err }

// lasting is how long a session lives that counts as a sign of the stage though the stage wrote nothing. Sessions that
// attach and break at once do not: they would be repeated without an end.
const lasting = 30 * time.Second

// steady is how long a session lives after which the driver comes back soon. The pauses after shorter ones grow,
// whatever they have brought: a login costs the host more than all else, and the job's own sshd may hang up as often
// as it likes.
const steady = 5 * time.Second

// restores is how often the driver brings the program back for one stage, which may remove it again and again.
const restores = 3

// endMargin is how long a terminated stage may take to tell its end, beyond the grace time. The driver can reconnect
// within it.
const endMargin = 15 * time.Second

// Run runs the script exactly once. It returns nil when the script ends with 0, and *failure.Script when it ends
// otherwise. When ctx ends, Run terminates the stage and returns ctx's cause.
func (s *Execution) Run(ctx context.Context) error {
	s.token = random.Hex(16)
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	defer context.AfterFunc(ctx, func() {
		if s.begun.CompareAndSwap(unsent, cancelled) {
			end(context.Cause(ctx)) // The agent runs nothing, because it gets no Start.
			return
		}
		time.AfterFunc(s.Grace+endMargin, func() { end(context.Cause(ctx)) })
	})()
	result, err := s.follow(life, ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case result.Code != 0:
		return &failure.Script{Code: result.Code, Signal: result.Signal}
	}
	return nil
}

// follow opens sessions until one brings the result.
func (s *Execution) follow(life, ctx context.Context) (wire.Result, error) {
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: s.Pause, MaxInterval: s.MaxPause, Multiplier: 1.6, RandomizationFactor: 0.2,
	}
	connection, err := s.Connect(life)
	for {
		var result wire.Result
		if err == nil {
			attached := time.Now()
			result, err = s.converse(life, ctx, connection)
			_ = connection.Close()
			lived := time.Since(attached)
			if s.started && lived >= lasting {
				s.lostAt = time.Time{}
			}
			if lived >= steady {
				pauses.Reset()
			}
			if isMissing(err) && s.restored < restores {
				err = s.restore(life, err)
			}
		}
		var early *lost
		if !errors.As(err, &early) {
			return result, err
		}
		if s.lostAt.IsZero() {
			s.lostAt = time.Now()
		}
		s.Reconnecting(early.err, s.received)
		select {
		case <-life.Done():
			return result, context.Cause(life)
		case <-time.After(pauses.NextBackOff()):
		}
		connection, err = s.reconnect(life, early.err)
	}
}

// restore brings the program back, which the job has removed. The agent itself serves on without it. It returns *lost
// where another session can follow.
func (s *Execution) restore(life context.Context, why error) error {
	program, err := s.Restore(life)
	switch {
	case err == nil:
		s.restored++
		s.Program = program
		return &lost{why}
	case life.Err() != nil:
		return context.Cause(life)
	case !errors.Is(err, ErrNoAgent):
		return &lost{err}
	case s.begun.Load() == sent:
		return why // The script may have begun, and nobody can ask for its result.
	}
	return err
}

// reconnect returns *lost where a further attempt may help.
func (s *Execution) reconnect(life context.Context, why error) (Connection, error) {
	left := time.Until(s.lostAt.Add(s.ReconnectTimeout))
	if left <= 0 {
		return nil, failure.Wrap(why, "SSH.ReconnectTimeout in fargate.toml can be raised.",
			"the connection to the task was lost and not restored within %s", s.ReconnectTimeout)
	}
	bounded, cancel := context.WithTimeoutCause(life, left, errReconnectTimeout)
	defer cancel()
	connection, err := s.Reconnect(bounded)
	var permanent *Permanent
	switch {
	case err == nil:
		return connection, nil
	case life.Err() != nil:
		return nil, context.Cause(life)
	case errors.As(err, &permanent):
		return nil, permanent.Err
	case errors.Is(err, errReconnectTimeout):
		err = why
	}
	return nil, &lost{err}
}

var errReconnectTimeout = errors.New("no attempt to reconnect came through")

// command returns a line for the task's login shell. The driver looks for a stage that it cancels before it knows
// whether the stage has started; it does not start it.
func (s *Execution) command(attaches bool) string {
	call := "run"
	if attaches {
		call = fmt.Sprintf("attach --offset %d", s.received)
	} else if s.begun.Load() == sent {
		call = "run --again"
	}
	line := "exec " + shellquote.Quote(s.Program) + " " + call
	for _, flag := range s.Agent.Flags() {
		line += " " + shellquote.Quote(flag)
	}
	return line + " --token " + s.token
}

func (s *Execution) attaches(ctx context.Context) bool { return s.started || ctx.Err() != nil }
