package attach_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
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
	if w.connections < 3 {
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

// kill -TERM -1 and its like end whatever they find; the stage's end has to be told all the same.
func TestAScriptThatSignalsItsSupervisor(t *testing.T) {
	w := newWorld(t)
	for _, signal := range []string{"TERM", "INT", "HUP"} {
		// The shell's parent is the supervisor.
		log, err := w.run("kill -" + signal + " $PPID; sleep 0.2; echo survived; exit 7")
		if err == nil || !strings.Contains(err.Error(), "exit code 7") || log != "survived\n" {
			t.Errorf("SIG%s: %v, log %q", signal, err, log)
		}
	}
	// Its processes take the signals as they always did.
	if log, err := w.run("sh -c 'kill -TERM $$'; echo $?"); err != nil || log != "Terminated\n143\n" && log != "143\n" {
		t.Errorf("%v, log %q", err, log)
	}
}

// A script that has removed the agent before the driver knew that it runs must not run a second time.
func TestAStageThatMayHaveBegunIsNotBegunAgain(t *testing.T) {
	w := newWorld(t)
	own := filepath.Join(w.dir, "ci-agent")
	if err := os.Link(program, own); err != nil {
		t.Fatal(err)
	}
	w.wrap = func(connection int, client *sshconn.Client, stream attach.Stream) attach.Stream {
		if connection > 1 {
			return stream
		}
		return &cutBeforeStart{Stream: stream, client: client, ran: func() { w.await("ran") }}
	}
	stage := w.stage("rm "+own+"; echo x >>"+w.file("ran"), &bytes.Buffer{})
	stage.Agent = own
	err := stage.Run(t.Context())
	if err == nil || errors.Is(err, attach.ErrNoAgent) || !strings.Contains(err.Error(), "exit code 127") {
		t.Errorf("got %v", err)
	}
	if ran := w.read("ran"); ran != "x\n" || w.connections != 2 {
		t.Errorf("the script's effects: %q, %d connections", ran, w.connections)
	}
}

// cutBeforeStart cuts its connection when the script has run, before the driver has heard anything of it.
type cutBeforeStart struct {
	attach.Stream
	client *sshconn.Client
	ran    func()
}

func (c *cutBeforeStart) Read([]byte) (int, error) {
	c.ran()
	_ = c.client.Close()
	return 0, io.ErrUnexpectedEOF
}
