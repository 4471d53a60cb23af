package attach

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/printable"
)

// ackEvery is how much output the driver takes before it acknowledges, in bytes: much less than the spool's limit.
const ackEvery = 128 << 10

// exitWait is how long the driver waits for a command's exit code once the command's output has ended.
const exitWait = time.Second

// maxNoise is how much a login shell may print before the agent's first line, in bytes.
const maxNoise = 64 << 10

// lost is a session that ended early. Another session can go on.
type lost struct{ err error }

func (l *lost) Error() string { return "the session with ci-agent ended early: " + l.err.Error() }
func (l *lost) Unwrap() error { return l.err }

// agentEnded is the error of an agent that ended before its stage did.
type agentEnded struct {
	error
	code int
}

func (a agentEnded) Unwrap() error { return a.error }

// isMissing tells whether the shell could not execute the agent's program.
func isMissing(err error) bool {
	ended := new(agentEnded)
	return errors.As(err, ended) && (ended.code == 126 || ended.code == 127)
}

// ErrNoAgent is the error of a stage that has not begun, because the task can have no agent any more.
var ErrNoAgent = errors.New("ci-agent is not in the task")

// session is one SSH session with the agent.
type session struct {
	*Execution
	stream Stream
	from   *wire.Reader
	to     *wire.Writer
	// sending is the goroutine that sends the script.
	sending sync.WaitGroup
}

// converse starts the stage or attaches to it, and takes its output until the stage has ended. life bounds the session.
// When ctx ends, converse terminates the stage and waits for its end.
func (s *Execution) converse(life, ctx context.Context, connection Connection) (wire.Result, error) {
	// A sshd that does not answer must not outlast the stage's cancellation.
	defer context.AfterFunc(life, func() { _ = connection.Close() })()
	attaches, before := s.attaches(ctx), s.begun.Load() == sent
	stream, err := connection.Exec(s.command(attaches))
	if err != nil {
		return wire.Result{}, &lost{err}
	}
	defer func() { _ = stream.Close() }()
	in := bufio.NewReaderSize(stream, wire.Chunk)
	c := &session{Execution: s, stream: stream, from: wire.NewReader(in), to: wire.NewWriter(stream)}
	if !attaches {
		c.sending.Go(c.send)
	}
	if err := awaitPreamble(in, wire.PreambleLine(s.token)); err != nil {
		err = c.ended(err)
		if isMissing(err) && !before {
			// Nothing has taken the script, so it has not begun.
			_ = stream.Close()
			c.sending.Wait()
			s.begun.CompareAndSwap(sent, unsent)
		}
		return wire.Result{}, err
	}
	for {
		result, over, err := c.next(ctx)
		if over || err != nil {
			return result, err
		}
	}
}

// send sends the script. Where it fails, the agent runs nothing, because it gets no Start.
func (c *session) send() {
	err := c.sendScript()
	if err != nil {
		c.scriptErr.CompareAndSwap(nil, &err)
		_ = c.stream.Close()
	}
}

func (c *session) sendScript() error {
	chunk := make([]byte, wire.Chunk)
	var size int64
	for {
		n, err := c.Script.ReadAt(chunk, size)
		size += int64(n)
		if n > 0 {
			if err := c.to.Send(wire.Script, chunk[:n]); err != nil {
				return nil // the session is lost, and that is said elsewhere
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if !c.begun.CompareAndSwap(unsent, sent) && c.begun.Load() == cancelled {
		return nil
	}
	_ = c.to.Send(wire.Start, wire.Number(size))
	return nil
}

// next handles one frame.
func (c *session) next(ctx context.Context) (result wire.Result, over bool, err error) {
	kind, payload, err := c.from.Next()
	if err != nil {
		return result, false, c.ended(err)
	}
	switch kind {
	case wire.Started:
		c.started = true
		// The driver says Terminate in each session from now on: it may have said so before, in a session that was
		// lost.
		context.AfterFunc(ctx, func() { _ = c.to.Send(wire.Terminate, wire.Number(c.Grace.Milliseconds())) })
		return result, false, nil
	case wire.Output:
		return result, false, c.take(payload)
	case wire.Exit:
		result, err = wire.ParseResult(payload)
		if err == nil && result.Written != c.received {
			err = fmt.Errorf("%w: the stage wrote %d bytes, %d came", wire.ErrFormat, result.Written, c.received)
		}
		if err == nil {
			_ = c.to.Send(wire.Done)
			// A connection that closes at once can lose the Done.
			c.stream.ExitCode(exitWait)
		}
		return result, true, err
	case wire.Error:
		return result, false, failure.New("", "ci-agent in the task: %s", beginning(string(payload)))
	default:
		return result, false, fmt.Errorf("%w: a frame %q", wire.ErrFormat, kind)
	}
}

// take writes output to the log and acknowledges it now and then.
func (c *session) take(payload []byte) error {
	offset, data, err := wire.ParseOffset(payload)
	if err == nil && offset != c.received {
		err = fmt.Errorf("%w: output from byte %d on, %d was next", wire.ErrFormat, offset, c.received)
	}
	if err != nil {
		return err
	}
	if _, err := c.Log.Write(data); err != nil {
		return fmt.Errorf("writing the job's log: %w", err)
	}
	c.received += int64(len(data))
	c.lostAt = time.Time{}
	if c.received-c.acked < ackEvery {
		return nil
	}
	c.acked = c.received
	_ = c.to.Send(wire.Ack, wire.Number(c.received)) // where it fails, reading does too
	return nil
}

// ended returns the reason why the session has no further frame.
func (c *session) ended(err error) error {
	if script := c.scriptErr.Load(); script != nil {
		return fmt.Errorf("reading the script: %w", *script)
	}
	if errors.Is(err, wire.ErrFormat) {
		return err
	}
	if code, known := c.stream.ExitCode(exitWait); known && code != 0 {
		said := beginning(c.stream.Stderr())
		return agentEnded{failure.New("", "ci-agent in the task ended with exit code %d: %s", code, said), code}
	}
	return &lost{err}
}

// awaitPreamble skips what a login shell's start-up files print.
func awaitPreamble(in *bufio.Reader, preamble string) error {
	for skipped := 0; skipped < maxNoise; {
		line, err := in.ReadSlice('\n')
		if string(line) == preamble {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		skipped += len(line)
	}
	return fmt.Errorf("%w: the login shell prints too much", wire.ErrFormat)
}

// beginning returns the beginning of what the task says, as the job's log may show it.
func beginning(said string) string {
	const most = 1 << 10
	return printable.Of(said[:min(len(said), most)])
}
