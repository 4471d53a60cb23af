package sshconn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gitlab-fargate-runners/driver/internal/drain"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/random"
)

var (
	// ErrLost is why a script's result is unknown: the connection ended before it was told.
	ErrLost = errors.New("the connection to the task was lost before the script ended")

	errExecRefused = errors.New("sshd refused to run a command")
)

// Script is a script to run in the task.
type Script struct {
	Source         io.Reader
	Stdout, Stderr io.Writer
}

// Run runs the script. It returns nil when it ended with 0, *failure.Script when it ended otherwise, ErrLost or
// ErrStalled when nobody knows. When ctx is done, the script's process group gets SIGTERM, after SSH.KillGracePeriod
// SIGKILL, and ctx's cause is returned.
func (c *Client) Run(ctx context.Context, script Script) error {
	marker := "fargate-script-" + random.Hex(12)
	ch, err := c.start(remoteCommand(marker))
	if err != nil {
		return c.lost(err)
	}
	defer func() { _ = ch.Close() }()

	r := &run{client: c, channel: ch, output: newOutput(c.roundTrip), known: make(chan struct{})}
	go r.send(script.Source, marker)
	r.output.copy(script.Stderr, ch.Stderr())
	go func() {
		stdout := bufio.NewReader(ch)
		r.group = awaitMarker(stdout, script.Stdout, marker)
		close(r.known)
		r.output.copy(script.Stdout, stdout)
		r.output.allStarted()
	}()
	select {
	case ended, ok := <-ch.exited:
		return r.finish(ended, ok)
	case <-ctx.Done():
		r.terminate()
		return context.Cause(ctx)
	}
}

// run is a script under way.
type run struct {
	client  *Client
	channel *channel
	output  *output
	// group is the remote process group, 0 if the script did not start; valid once known is closed.
	group int
	known chan struct{}
	// sendErr is why the script could not be sent.
	sendErr atomic.Pointer[error]
}

func (r *run) finish(ended exit, ok bool) error {
	r.output.drain()
	if err := r.sendErr.Load(); err != nil && !ok {
		return fmt.Errorf("sending the script: %w", *err)
	}
	if !ok {
		return r.client.lost(nil)
	}
	if err := r.output.failed(); err != nil {
		return fmt.Errorf("writing the job's log: %w", err)
	}
	if !r.started(0) {
		return failure.New("The user's login shell must run POSIX shell commands.",
			"the task's shell did not start the script (exit code %d)", ended.code)
	}
	if ended.code != 0 {
		return &failure.Script{Code: ended.code, Signal: ended.signal}
	}
	return nil
}

// started tells whether the script has been taken on, and waits up to limit to learn it.
func (r *run) started(limit time.Duration) bool {
	select {
	case <-r.known:
		return r.group > 0
	default:
	}
	select {
	case <-r.known:
		return r.group > 0
	case <-time.After(limit):
		return false
	}
}

// terminate ends the remote process group, politely first.
func (r *run) terminate() {
	if !r.started(drain.Idle) {
		// The shell finds its input cut short when the connection closes, and runs nothing.
		return
	}
	if r.signal("TERM") && !r.ends(r.client.settings.KillGracePeriod.Duration) && r.signal("KILL") {
		r.ends(drain.Idle)
	}
}

// ends tells whether the script ends within limit, with its last output.
func (r *run) ends(limit time.Duration) bool {
	select {
	case <-r.channel.exited:
		r.output.drain()
		return true
	case <-time.After(limit):
		return false
	}
}

// signal tells whether the signal was sent.
func (r *run) signal(name string) bool {
	ch, err := r.client.start(signalCommand(name, r.group))
	if err != nil {
		return false
	}
	defer func() { _ = ch.Close() }()
	select {
	case <-ch.exited:
		return true
	case <-time.After(r.client.settings.DialTimeout.Duration):
		return false
	}
}

// lost says why the connection is gone.
func (c *Client) lost(err error) error {
	if stalled := c.stalled(); stalled != nil {
		return stalled
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return ErrLost
}

func (r *run) send(source io.Reader, marker string) {
	_, err := io.Copy(r.channel, source)
	if err == nil {
		_, err = io.WriteString(r.channel, lastLine(marker))
	}
	if err != nil {
		r.sendErr.Store(&err)
		_ = r.channel.Close()
		return
	}
	_ = r.channel.CloseWrite()
}

// awaitMarker passes on what a shell's start-up file prints, up to the line that tells the process id. It returns 0
// where that line does not come.
func awaitMarker(from *bufio.Reader, to io.Writer, marker string) int {
	for {
		line, err := from.ReadString('\n')
		if text, found := strings.CutPrefix(line, marker+" "); found {
			pid, _ := strconv.Atoi(strings.TrimSpace(text))
			return pid
		}
		_, _ = io.WriteString(to, line)
		if err != nil {
			return 0
		}
	}
}
