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
	// ErrLost means that the driver does not know the script's result: the connection ended before sshd told it.
	ErrLost = errors.New("the connection to the task was lost before the script ended")

	errExecRefused = errors.New("sshd refused to run a command")
)

// Script is a script to run in the task.
type Script struct {
	Source         io.Reader
	Stdout, Stderr io.Writer
}

// Run runs the script. It returns nil when the script ends with 0, *failure.Script when it ends otherwise, and ErrLost
// or ErrStalled when the driver cannot know. When ctx ends, the script's process group gets SIGTERM, and SIGKILL after
// SSH.KillGracePeriod; Run then returns ctx's cause.
func (c *Client) Run(ctx context.Context, script Script) error {
	marker := "fargate-script-" + random.Hex(12)
	// A sshd that does not answer must not outlast the cancellation.
	started := context.AfterFunc(ctx, func() { _ = c.client.Close() })
	ch, err := c.start(remoteCommand(marker))
	switch {
	case !started():
		return context.Cause(ctx)
	case err != nil:
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

// run is a running script.
type run struct {
	client  *Client
	channel *channel
	output  *output
	// group is the remote process group, 0 where the script did not start. It is valid once known is closed.
	group int
	known chan struct{}
	// sendErr is the reason why the driver could not send the script.
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

// started tells whether the shell has started the script. It waits up to limit for the answer.
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

// terminate ends the remote process group: first with SIGTERM, then with SIGKILL.
func (r *run) terminate() {
	if !r.started(drain.Idle) {
		// When the connection closes, the shell sees that its input is incomplete, and runs nothing.
		return
	}
	if r.signal("TERM") && !r.ends(r.client.settings.KillGracePeriod.Duration) && r.signal("KILL") {
		r.ends(drain.Idle)
	}
}

// ends tells whether the script ends within limit, and takes its last output.
func (r *run) ends(limit time.Duration) bool {
	select {
	case <-r.channel.exited:
		r.output.drain()
		return true
	case <-time.After(limit):
		return false
	}
}

// signal sends a signal and tells whether it was sent.
func (r *run) signal(name string) bool {
	answered := time.AfterFunc(r.client.settings.DialTimeout.Duration, func() { _ = r.client.client.Close() })
	ch, err := r.client.start(signalCommand(name, r.group))
	answered.Stop()
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

// lost returns the reason why the connection ended.
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

// awaitMarker passes on what a shell's start-up files print, up to the line with the process id and the newline before
// it. It returns 0 where that line does not come. A line may be longer than the reader's memory; the job's sshd could
// make it as long as it likes.
func awaitMarker(from *bufio.Reader, to io.Writer, marker string) int {
	held, within := "", false
	for {
		read, err := from.ReadSlice('\n')
		line := string(read)
		if text, found := strings.CutPrefix(line, marker+" "); found && !within {
			pid, _ := strconv.Atoi(strings.TrimSpace(text))
			return pid
		}
		_, _ = io.WriteString(to, held)
		if held = ""; line == "\n" {
			held, line = line, ""
		}
		_, _ = io.WriteString(to, line)
		if within = errors.Is(err, bufio.ErrBufferFull); err != nil && !within {
			return 0
		}
	}
}
