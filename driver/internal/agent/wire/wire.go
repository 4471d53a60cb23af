// Package wire is the protocol between the driver and ci-agent, which runs a stage in the task.
//
// One resident agent (`ci-agent serve`) runs all stages of the job in the task, apart from any SSH session. The
// driver reaches it through `ci-agent run` or `ci-agent attach`. These use an SSH session as standard input and
// output, open a connection to the agent with a frame of their own, Run or Attach, and pass on everything else as it
// comes. With that frame they hand their standard output over, where it is a pipe; an agent that takes it writes
// there, and nothing on the connection. The end of a session does not affect the stage; the next session resumes at
// the byte that the driver asks for.
//
// # Format
//
// The agent begins with Preamble, because a login shell's start-up files may print something before. After it both
// sides send frames: one byte for the type, four bytes for the length of the payload (big endian, at most MaxPayload),
// and the payload. A number in a payload has eight bytes, big endian. An unknown type or a wrong length ends the
// session with an error.
//
// # From the driver
//
//   - Script: a part of the script. Only to `run`.
//   - Start: the number of the script's bytes. Only to `run`; the stage starts when this frame came and the number is
//     right, so half a script never runs, and only where no stage has started under the same token: after a lost answer
//     the driver sends it all again. Then it calls `run --again`, which starts no agent where there is none, as a new
//     one would not know whether the script has begun.
//   - Ack: all output before this offset has reached the job's log; the agent forgets it.
//   - Terminate: milliseconds. The agent sends SIGTERM to the stage's processes, and SIGKILL to those that still live
//     after this time, also to those in sessions of their own.
//   - Done: the result has arrived; the agent may forget it.
//
// # From the relay
//
//   - Run: the stage's token. The driver's Script frames follow.
//   - Attach: the number of output bytes that have reached the job's log, which it acknowledges, and the stage's token.
//
// A session that runs or attaches replaces the stage's session before.
//
// # From the agent
//
//   - Started: the stage has started, now or earlier, and the session is attached.
//   - Output: the offset of its first byte, and bytes. Standard output and standard error are one stream: the job's log
//     is one too, and only what a process writes into one pipe keeps its order. One offset then is all there is to
//     resume at.
//   - Exit: the number of bytes that the stage has written, its exit code (one byte), and the name of the signal that
//     ended it, without SIG. Comes after the last byte of output, in each session until Done.
//   - Error: why the session cannot go on, as text.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Version changes whenever an agent and a driver of different versions would misunderstand each other, or an agent lacks
// a call that the driver makes.
const Version = 4

// MaxPayload is the longest payload in bytes.
const MaxPayload = 64 << 10

// Chunk is the most script or output in one frame, in bytes.
const Chunk = 32 << 10

// KeepResult is how long the agent keeps a result that no driver asks for. No driver may be away for longer.
const KeepResult = time.Hour

// Type says what a frame means.
type Type byte

// The package's documentation explains them.
const (
	Script    Type = 'S'
	Start     Type = 'R'
	Run       Type = 'N'
	Attach    Type = 'A'
	Ack       Type = 'K'
	Terminate Type = 'T'
	Done      Type = 'D'
	Started   Type = 's'
	Output    Type = 'o'
	Exit      Type = 'x'
	Error     Type = 'e'
)

// Preamble is the line before the first frame. Its leading newline ends a line that the login shell may have left open.
func Preamble(token string) string { return "\n" + PreambleLine(token) }

// PreambleLine is Preamble without the leading newline.
func PreambleLine(token string) string { return Name() + " " + token + "\n" }

// ErrFormat is in the error of anything that is no valid frame.
var ErrFormat = errors.New("not ci-agent's protocol")

// Reader reads frames.
type Reader struct {
	from io.Reader
	buf  []byte
}

// NewReader returns a reader that needs no more memory than a frame.
func NewReader(from io.Reader) *Reader { return &Reader{from: from} }

// Next returns a frame; its payload is valid until the next call. io.EOF means that the stream ended between two
// frames.
func (r *Reader) Next() (Type, []byte, error) {
	var header [5]byte
	if _, err := io.ReadFull(r.from, header[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(header[1:])
	if length > MaxPayload {
		return 0, nil, fmt.Errorf("%w: a frame of %d bytes", ErrFormat, length)
	}
	if int(length) > cap(r.buf) {
		r.buf = make([]byte, length)
	}
	payload := r.buf[:length]
	if _, err := io.ReadFull(r.from, payload); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	return Type(header[0]), payload, nil
}

// Writer writes frames. Any goroutine may use it.
type Writer struct {
	mu  sync.Mutex
	to  io.Writer
	buf []byte
}

// NewWriter returns a writer that writes each frame at once, in one piece.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Send writes a frame with these parts as its payload.
func (w *Writer) Send(t Type, parts ...[]byte) error {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	if length > MaxPayload {
		return fmt.Errorf("%w: a frame of %d bytes", ErrFormat, length)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = append(w.buf[:0], byte(t))
	w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(length))
	for _, part := range parts {
		w.buf = append(w.buf, part...)
	}
	_, err := w.to.Write(w.buf)
	return err
}

// Fail writes an Error frame with as much of the error's text as a frame holds.
func (w *Writer) Fail(err error) error {
	text := err.Error()
	return w.Send(Error, []byte(text[:min(len(text), MaxPayload)]))
}
