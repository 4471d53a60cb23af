// Package relay is ci-agent's part in an SSH session: it passes on what the driver and the resident agent say to each
// other.
package relay

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/resident"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// Session is the standard input and output of an SSH session, and the stage that it is about.
type Session struct {
	wire.Agent
	Token  string
	Stdin  io.Reader
	Stdout io.Writer
}

// Run passes the script on, which the agent starts unless it has started it before, and the stage's output from its
// first byte on. Where there is no agent it starts one. But where the driver has sent the script before, the script may
// have begun under an agent that is gone, and Run starts none.
func (s Session) Run(again bool) error {
	return s.relay(!again, wire.Run, []byte(s.Token))
}

// Attach passes on the output from offset on.
func (s Session) Attach(offset int64) error {
	return s.relay(false, wire.Attach, wire.Number(offset), []byte(s.Token))
}

// relay returns when the agent has ended the connection, or the driver no longer takes what it says. It tells the
// driver why there is no connection.
func (s Session) relay(mayStart bool, kind wire.Type, payload ...[]byte) error {
	if _, err := io.WriteString(s.Stdout, wire.Preamble(s.Token)); err != nil {
		return err
	}
	conn, err := s.dial(mayStart)
	if err != nil {
		_ = wire.NewWriter(s.Stdout).Fail(err)
		return err
	}
	defer func() { _ = conn.Close() }()
	go func() {
		_ = resident.Open(conn, s.Stdout, kind, payload...) // Where it fails, the agent has said why.
		_, _ = io.Copy(conn, s.Stdin)
		_ = conn.CloseWrite() // The SSH session has ended; the agent closes the connection.
	}()
	// Nothing comes from an agent that writes to Stdout itself, up to its end. The driver knows what it has received, and
	// comes back for the rest.
	_, _ = io.Copy(s.Stdout, conn)
	return nil
}

func (s Session) dial(mayStart bool) (*net.UnixConn, error) {
	if s.Socket == "" {
		return dial(s.Directory, mayStart)
	}
	// Its container ends with it, so nobody can start one.
	conn, err := resident.DialAt(s.Socket, s.User)
	if err != nil {
		return nil, fmt.Errorf("reaching it in the container of the job's image: %w", err)
	}
	return conn, nil
}

// dial connects to the folder's agent, and starts it first where there is none and it may.
func dial(directory string, mayStart bool) (*net.UnixConn, error) {
	conn, err := resident.Dial(directory)
	if errors.Is(err, syscall.ECONNREFUSED) {
		if !mayStart {
			return nil, errors.New("it was killed, by the job itself or for lack of memory, when the script ran or was " +
				"about to; the result is lost with it")
		}
		if err := Start(directory); err != nil {
			return nil, err
		}
		conn, err = resident.Dial(directory)
	}
	if err != nil {
		return nil, fmt.Errorf("reaching it: %w", err)
	}
	return conn, nil
}

// Start starts the folder's agent unless there is one. The agent has a session of its own and keeps nothing of this one
// open. Whoever connects from now on reaches it, since it inherits a socket that listens already.
func Start(directory string) error {
	listener, err := resident.Listen(directory)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening its socket: %w", err)
	}
	defer func() { _ = listener.Close() }()
	socket, err := listener.File()
	if err != nil {
		return fmt.Errorf("opening its socket: %w", err)
	}
	defer func() { _ = socket.Close() }()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding its program: %w", err)
	}
	command := exec.Command(self, "serve", "--dir", directory, "--inherited")
	command.ExtraFiles = []*os.File{socket}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting it: %w", err)
	}
	return nil
}
