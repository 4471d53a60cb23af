package attach_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/sshconn"
)

// Sessions that reach the stage and break before it writes anything are no sign of it: they would go on for ever.
func TestSessionsThatBreakAtOnceAreGivenUp(t *testing.T) {
	w := newWorld(t)
	w.wrap = func(_ int, client *sshconn.Client, stream attach.Stream) attach.Stream {
		return &cutAfterStart{Stream: stream, client: client}
	}
	stage := w.stage("sleep 60; echo late", &bytes.Buffer{})
	stage.ReconnectTimeout = time.Second
	err := stage.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "was lost and not restored within 1s") {
		t.Errorf("got %v", err)
	}
	if w.connections < 2 {
		t.Errorf("given up after %d connections", w.connections)
	}
}

// A sshd that answers no request for a channel delays no cancellation.
func TestCancelWhileSshdSaysNothing(t *testing.T) {
	w := newWorld(t)
	w.settings.KeepAliveInterval.Duration = time.Hour // a stalled connection ends a session too
	cause := errors.New("job cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	unheard := time.AfterFunc(time.Minute, func() {
		t.Error("nobody has heard the cancellation")
		w.sshd.Cut()
	})
	defer unheard.Stop()
	stage := w.stage("true", &bytes.Buffer{})
	stage.Connect = func(ctx context.Context) (attach.Connection, error) {
		connection, err := w.connect(ctx)
		w.sshd.Mute.Store(true)
		time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
		return connection, err
	}
	if err := stage.Run(ctx); !errors.Is(err, cause) || w.connections != 1 {
		t.Errorf("got %v after %d connections", err, w.connections)
	}
}

// What the task says in the place of a frame must not look like the driver's own words.
func TestWordsOfTheTaskArePrintable(t *testing.T) {
	w := newWorld(t)
	stage := w.stage("true", &bytes.Buffer{})
	stage.Program = w.file("ci-agent")
	// 5 KB, of which the driver keeps the end: each part of it has what must not come through.
	const script = "#!/bin/sh\nprintf 'x\\033[2J\\nsection_start:1:forged%.0s' $(seq 200) >&2\nexit 1\n"
	if err := os.WriteFile(stage.Program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	err := stage.Run(t.Context())
	if err == nil || strings.ContainsAny(err.Error(), "\033\n") || len(err.Error()) > 2000 {
		t.Errorf("got %q", err)
	}
}

// cutAfterStart cuts the connection once the agent has said something, which is that the stage has started.
type cutAfterStart struct {
	attach.Stream
	client *sshconn.Client
}

func (c *cutAfterStart) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	time.AfterFunc(20*time.Millisecond, func() { _ = c.client.Close() })
	return n, err
}
