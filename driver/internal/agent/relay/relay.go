// Package relay is ci-agent's part in an SSH session. It starts stages, and passes on what the driver and a stage's
// supervisor say to each other.
package relay

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/supervisor"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// Session is the standard input and output of an SSH session, and the stage that it is about.
type Session struct {
	Directory, Token string
	Stdin            io.Reader
	Stdout           io.Writer
}

// Attach passes on the output from offset on. It returns when either side has ended, and tells the driver what goes
// wrong.
func (s Session) Attach(offset int64) error {
	if _, err := io.WriteString(s.Stdout, wire.Preamble(s.Token)); err != nil {
		return err
	}
	conn, err := s.dial()
	if err != nil {
		return s.fail(err)
	}
	return s.attach(conn, offset)
}

// attach closes the connection.
func (s Session) attach(conn net.Conn, offset int64) error {
	defer func() { _ = conn.Close() }()
	if err := wire.NewWriter(conn).Send(wire.Attach, wire.Number(offset)); err != nil {
		return s.fail(err)
	}
	ended := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(conn, s.Stdin)
		ended <- struct{}{} // The SSH session has ended, and nobody takes further output.
	}()
	go func() {
		_, _ = io.Copy(s.Stdout, conn)
		ended <- struct{}{}
	}()
	// The driver knows what it has received, and comes back for the rest.
	<-ended
	return nil
}

func (s Session) dial() (net.Conn, error) {
	conn, err := net.Dial("unix", supervisor.Socket(s.Directory, s.Token))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("the task knows no such stage")
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, errors.New("the stage's supervisor has ended without a result: it was killed, perhaps for lack " +
			"of memory")
	case err != nil:
		return nil, fmt.Errorf("reaching the stage's supervisor: %w", err)
	}
	return conn, nil
}

// fail tells the driver the error, and returns it.
func (s Session) fail(err error) error {
	text := err.Error()
	_ = wire.NewWriter(s.Stdout).Send(wire.Error, []byte(text[:min(len(text), wire.MaxPayload)]))
	return err
}
