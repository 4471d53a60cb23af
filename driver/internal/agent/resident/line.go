package resident

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// line is the agent's connection with a relay. It reads what the driver sends from the connection. It writes into the
// SSH session's own output where the relay has handed that over: passing a job's output through the relay takes more
// processor time than all else that the agent does with it, and a task may have a quarter of a CPU.
type line struct {
	*net.UnixConn
	opened bool
	// output is nil where the relay has handed over none, as earlier ones do.
	output *os.File
}

// Open sends a session's first frame to the agent and hands stdout over with it, where it is a pipe. An agent that
// knows nothing of that answers on the connection, so the caller passes on what comes there.
func Open(conn *net.UnixConn, stdout io.Writer, kind wire.Type, payload ...[]byte) error {
	file, isFile := stdout.(*os.File)
	if !isFile || !isPipe(file) {
		return wire.NewWriter(conn).Send(kind, payload...)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := raw.Control(func(fd uintptr) {
		err = wire.NewWriter(&withRights{conn, syscall.UnixRights(int(fd))}).Send(kind, payload...)
	})
	return errors.Join(controlErr, err)
}

// isPipe excludes what cannot be written to without blocking, and sockets, which a session may read from too.
func isPipe(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// withRights sends rights with the first bytes. unix(7), SCM_RIGHTS
type withRights struct {
	*net.UnixConn
	rights []byte
}

func (w *withRights) Write(p []byte) (int, error) {
	n, _, err := w.WriteMsgUnix(p, w.rights, nil)
	if err != nil || n == len(p) {
		return n, err
	}
	rest, err := w.UnixConn.Write(p[n:])
	return n + rest, err
}

// mostRights is how many file descriptors the kernel may deliver; only the first pipe among them is used.
const mostRights = 4

func (l *line) Read(p []byte) (int, error) {
	if l.opened {
		return l.UnixConn.Read(p)
	}
	control := make([]byte, syscall.CmsgSpace(mostRights*4))
	n, size, _, _, err := l.ReadMsgUnix(p, control)
	l.opened = n > 0
	messages, _ := syscall.ParseSocketControlMessage(control[:size])
	for _, message := range messages {
		rights, _ := syscall.ParseUnixRights(&message)
		for _, fd := range rights {
			l.take(fd)
		}
	}
	return n, err
}

// take keeps the descriptor if it is a pipe and the first one. Only a write that does not block ends when the agent
// closes the pipe. The relay, which shares this property of it, writes nothing any more.
func (l *line) take(fd int) {
	_ = syscall.SetNonblock(fd, true)
	file := os.NewFile(uintptr(fd), "the session's output")
	if l.output == nil && isPipe(file) {
		l.output = file
		return
	}
	_ = file.Close()
}

func (l *line) Write(p []byte) (int, error) {
	if l.output != nil {
		return l.output.Write(p)
	}
	return l.UnixConn.Write(p)
}

// Close closes the output first: sshd ends a session once the relay has ended and nobody has its output open.
func (l *line) Close() error {
	if l.output != nil {
		_ = l.output.Close()
	}
	return l.UnixConn.Close()
}
