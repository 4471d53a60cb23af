package attach_test

import (
	"bytes"
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
