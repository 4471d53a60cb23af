package sshconn

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"
)

// Command is a running command in the task. Read reads its standard output, Write writes to its standard input.
type Command struct {
	*channel
	complaints tail
	ended      exit
	known      bool
	once       sync.Once
}

// Exec starts a command. The command is a line for the user's login shell.
func (c *Client) Exec(command string) (*Command, error) {
	ch, err := c.start(command)
	if err != nil {
		return nil, c.lost(err)
	}
	cmd := &Command{channel: ch}
	go func() { _, _ = io.Copy(&cmd.complaints, ch.Stderr()) }()
	return cmd, nil
}

// ExitCode returns the command's exit code, and waits up to limit for it. known is false where the connection was lost
// or a signal ended the command.
func (c *Command) ExitCode(limit time.Duration) (code int, known bool) {
	c.once.Do(func() {
		select {
		case ended, ok := <-c.exited:
			c.ended, c.known = ended, ok && ended.signal == ""
		case <-time.After(limit):
		}
	})
	return c.ended.code, c.known
}

// Stderr is the end of the command's standard error.
func (c *Command) Stderr() string { return c.complaints.String() }

// Output runs a command with input as its standard input, and returns at most 64 KiB of its output. An error means that
// the connection was lost or ctx ended.
func (c *Client) Output(ctx context.Context, command string, input io.Reader) (output string, code int, err error) {
	// A sshd that does not answer must not outlast ctx.
	defer context.AfterFunc(ctx, func() { _ = c.client.Close() })()
	cmd, err := c.Exec(command)
	switch {
	case ctx.Err() != nil:
		return "", 0, context.Cause(ctx)
	case err != nil:
		return "", 0, err
	}
	defer func() { _ = cmd.Close() }()
	go func() {
		_, _ = io.Copy(cmd, input)
		_ = cmd.CloseWrite()
	}()
	var all bytes.Buffer
	_, _ = io.Copy(&all, io.LimitReader(cmd, 64<<10))
	code, known := cmd.ExitCode(c.settings.DialTimeout.Duration)
	switch {
	case ctx.Err() != nil:
		return "", 0, context.Cause(ctx)
	case !known:
		return "", 0, c.lost(nil)
	}
	return all.String(), code, nil
}

// tail keeps the last bytes that were written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const keep = 1 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if extra := len(t.last) - keep; extra > 0 {
		t.last = append(t.last[:0], t.last[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.last))
}
