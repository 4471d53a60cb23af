// Package wire is the protocol between the driver and ci-agent, which runs a stage in the task.
//
// A stage runs under a supervisor of its own in the task, apart from any SSH session. The driver reaches it through
// `ci-agent run` or `ci-agent attach`, whose standard input and output are an SSH session's and which pass on what the
// supervisor's Unix socket says. A session that ends changes nothing for the stage; the next one goes on from the byte
// that the driver asks for.
//
// # Format
//
// The agent begins with Preamble, for a login shell's start-up files may print something before. From then on each side
// sends frames: one byte type, four bytes length of the payload (big endian, MaxPayload at most), payload. Numbers in
// payloads are eight bytes, big endian. Unknown types and wrong lengths end the session with an error.
//
// # From the driver
//
//   - Script: a part of the script. Only to `run`.
//   - Start: the number of the script's bytes. Only to `run`; the stage starts when this frame came and the number is
//     right, so half a script never runs, and only where no stage has started under the same token: after a lost answer
//     the driver sends it all again.
//   - Attach: the number of output bytes that have reached the job's log, an Ack of its own. The first frame on the supervisor's socket, sent by
//     `run` (0) and `attach`. A session that attaches takes the place of the one before.
//   - Ack: all output before this offset has reached the job's log; the supervisor forgets it.
//   - Terminate: milliseconds. The stage's processes get SIGTERM, and SIGKILL where they still live after that time, also
//     those in sessions of their own.
//   - Done: the result has arrived; the supervisor may end.
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

// Version changes whenever an agent and a driver with different ones would misunderstand each other.
const Version = 1

// MaxPayload is the longest payload in bytes.
const MaxPayload = 64 << 10

// Chunk is how much script or output goes into a frame at most, in bytes.
const Chunk = 32 << 10

// KeepResult is how long a stage's result is kept that no driver asks for; none may be away for longer.
const KeepResult = time.Hour

// Type says what a frame means.
type Type byte

// See the package's documentation.
const (
	Script    Type = 'S'
	Start     Type = 'R'
	Attach    Type = 'A'
	Ack       Type = 'K'
	Terminate Type = 'T'
	Done      Type = 'D'
	Started   Type = 's'
	Output    Type = 'o'
	Exit      Type = 'x'
	Error     Type = 'e'
)

// Preamble is the line that frames follow. The newline before it ends what may have been printed without one.
func Preamble(token string) string { return "\n" + PreambleLine(token) }

// PreambleLine is Preamble from the beginning of its line.
func PreambleLine(token string) string { return fmt.Sprintf("ci-agent/%d %s\n", Version, token) }

// ErrFormat is wrapped by the errors of frames that are none.
var ErrFormat = errors.New("not ci-agent's protocol")

// Reader reads frames.
type Reader struct {
	from io.Reader
	buf  []byte
}

// NewReader returns a reader that needs no more memory than a frame.
func NewReader(from io.Reader) *Reader { return &Reader{from: from} }

// Next returns a frame whose payload is valid until the next call. io.EOF: the stream ended between two frames.
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

// Writer writes frames; any goroutine may use it.
type Writer struct {
	mu  sync.Mutex
	to  io.Writer
	buf []byte
}

// NewWriter returns a writer that hands each frame on at once, in one piece.
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
