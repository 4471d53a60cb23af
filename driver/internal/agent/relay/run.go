package relay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/supervisor"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// MaxScript is the longest script in bytes: the task holds it in memory.
const MaxScript = 64 << 20

// Run receives the script, starts the stage unless it has started before, and attaches to its first byte.
func (s Session) Run() error {
	if _, err := io.WriteString(s.Stdout, wire.Preamble(s.Token)); err != nil {
		return err
	}
	script, err := receive(wire.NewReader(s.Stdin))
	var conn net.Conn
	if err == nil {
		conn, err = s.start(script)
	}
	if err == nil && conn == nil {
		conn, err = s.dial()
	}
	if err != nil {
		return s.fail(err)
	}
	return s.attach(conn, 0)
}

// receive returns the script once it has arrived completely.
func receive(from *wire.Reader) ([]byte, error) {
	var script bytes.Buffer
	for {
		kind, payload, err := from.Next()
		if err != nil {
			return nil, fmt.Errorf("the script did not arrive completely: %w", err)
		}
		switch kind {
		case wire.Script:
			if script.Len()+len(payload) > MaxScript {
				return nil, fmt.Errorf("the script is longer than %d bytes", MaxScript)
			}
			_, _ = script.Write(payload)
		case wire.Start:
			size, err := wire.ParseNumber(payload)
			if err == nil && size != int64(script.Len()) {
				err = fmt.Errorf("the script did not arrive completely: %d bytes of %d", script.Len(), size)
			}
			return script.Bytes(), err
		default:
			return nil, fmt.Errorf("%w: a frame %q before the script's end", wire.ErrFormat, kind)
		}
	}
}

// start starts a supervisor in a session of its own, which keeps nothing of this session open, and waits until the
// stage runs. It returns a connection that was there before the stage, as the script may remove the stage's socket in
// its first moments, and none where the stage has started before.
func (s Session) start(script []byte) (net.Conn, error) {
	status, statusOfSupervisor, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = status.Close() }()
	defer func() { _ = statusOfSupervisor.Close() }()
	conn, connOfSupervisor, err := pair()
	if err != nil {
		return nil, fmt.Errorf("opening the stage's first connection: %w", err)
	}
	defer func() { _ = connOfSupervisor.Close() }()
	if err := s.supervise(script, status, statusOfSupervisor, connOfSupervisor); err != nil {
		_ = conn.Close()
		if errors.Is(err, fs.ErrExist) {
			return nil, nil
		}
		return nil, err
	}
	return conn, nil
}

// supervise returns fs.ErrExist where the stage has started before.
func (s Session) supervise(script []byte, status, statusOfSupervisor, conn *os.File) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding ci-agent itself: %w", err)
	}
	command := exec.Command(self, "supervise", "--dir", s.Directory, "--token", s.Token, "--size",
		strconv.Itoa(len(script)))
	command.ExtraFiles = []*os.File{statusOfSupervisor, conn}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := command.StdinPipe()
	if err != nil {
		return err
	}
	err = command.Start()
	_ = statusOfSupervisor.Close()
	if err != nil {
		return fmt.Errorf("starting the stage's supervisor: %w", err)
	}
	go func() {
		_, _ = stdin.Write(script)
		_ = stdin.Close()
	}()
	said, err := io.ReadAll(status)
	switch {
	case err != nil:
		return fmt.Errorf("waiting for the stage's supervisor: %w", err)
	case len(said) == 0:
		return errors.New("the stage's supervisor ended before it started the script")
	case string(said) == supervisor.StatusTaken:
		return fs.ErrExist
	case string(said) != supervisor.StatusStarted:
		return errors.New(string(said))
	}
	return nil
}

// pair returns both ends of a connection, one of them for another process.
func pair() (net.Conn, *os.File, error) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	for _, end := range ends {
		syscall.CloseOnExec(end)
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "session"), os.NewFile(uintptr(ends[1]), "session")
	conn, err := net.FileConn(ours) // a copy
	_ = ours.Close()
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}
