package attach_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// liar is a connection to a task in which the job has put something of its own in the place of ci-agent. It says these
// frames in session 1, 2, … and hangs up.
type liar struct {
	sessions int
	frames   func(session int, to *wire.Writer)
}

func (l *liar) connect(context.Context) (attach.Connection, error) { return l, nil }
func (l *liar) Close() error                                       { return nil }

func (l *liar) Exec(command string) (attach.Stream, error) {
	l.sessions++
	var said bytes.Buffer
	said.WriteString(wire.PreambleLine(command[strings.LastIndex(command, " ")+1:]))
	l.frames(l.sessions, wire.NewWriter(&said))
	return &utterance{Reader: &said}, nil
}

type utterance struct{ io.Reader }

func (*utterance) Write(p []byte) (int, error)        { return len(p), nil }
func (*utterance) Close() error                       { return nil }
func (*utterance) ExitCode(time.Duration) (int, bool) { return 0, false }
func (*utterance) Stderr() string                     { return "" }

// underLiar runs a stage with the driver's own pauses.
func underLiar(ctx context.Context, task *liar) error {
	return (&attach.Execution{
		Program: "a", Agent: wire.Agent{Directory: "d"}, Script: strings.NewReader("true"), Log: io.Discard,
		Grace: time.Millisecond, ReconnectTimeout: 5 * time.Minute, Pause: 200 * time.Millisecond, MaxPause: 3 * time.Second,
		Connect: task.connect, Reconnect: task.connect, Reconnecting: func(error, int64) {},
	}).Run(ctx)
}

// Sessions that bring a byte each are a sign of the stage, and would go on for as long as the job: they must not come
// as fast as sshd lets the driver in, as a login costs the host much.
func TestSessionsOfAByteEachAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		task := &liar{frames: func(session int, to *wire.Writer) {
			_ = to.Send(wire.Started)
			_ = to.Send(wire.Output, wire.Number(int64(session-1)), []byte("x"))
		}}
		over := errors.New("over")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Minute, over)
		defer cancel()
		if err := underLiar(ctx, task); !errors.Is(err, over) {
			t.Error(err)
		}
		// Ten minutes have 200 of the longest pauses, which vary by a fifth; before them come some shorter ones.
		if most := 260; task.sessions > most {
			t.Errorf("%d sessions, want %d at the most", task.sessions, most)
		}
	})
}

// An error that the agent tells comes into the job's log beside the driver's own words.
func TestAnErrorOfTheAgentIsPrintable(t *testing.T) {
	task := &liar{frames: func(_ int, to *wire.Writer) {
		_ = to.Send(wire.Error, []byte("x\x1b[2J\nsection_start:1:forged\r\x1b[0KFargate task is ready\n"+
			strings.Repeat("y", 5000)))
	}}
	err := underLiar(t.Context(), task)
	if err == nil || !strings.HasPrefix(err.Error(), "ci-agent in the task: x[2Jsection_start:1:forged") ||
		strings.ContainsAny(err.Error(), "\x1b\n\r") || len(err.Error()) > 2000 {
		t.Errorf("got %q", err)
	}
}
