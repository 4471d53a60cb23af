// Package relay is ci-agent's part in an SSH session: it starts stages, and passes on what their supervisors and the
// driver say to each other.
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

// Session is an SSH session's standard input and output, and the stage that it is about.
type Session struct {
	Directory, Token string
	Stdin            io.Reader
	Stdout           io.Writer
}

// Attach passes on output from offset on. It returns when either side has ended; what goes wrong the driver is told.
func (s Session) Attach(offset int64) error {
	if _, err := io.WriteString(s.Stdout, wire.Preamble(s.Token)); err != nil {
		return err
	}
	return s.attach(offset)
}

func (s Session) attach(offset int64) error {
	conn, err := s.dial()
	if err != nil {
		return s.fail(err)
	}
	defer func() { _ = conn.Close() }()
	if err := wire.NewWriter(conn).Send(wire.Attach, wire.Number(offset)); err != nil {
		return s.fail(err)
	}
	ended := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(conn, s.Stdin)
		ended <- struct{}{} // the SSH session has ended: nobody takes what could still come
	}()
	go func() {
		_, _ = io.Copy(s.Stdout, conn)
		ended <- struct{}{}
	}()
	// However it ended: the driver knows what it has, and comes back for the rest.
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

// fail tells the driver, and returns the error.
func (s Session) fail(err error) error {
	text := err.Error()
	_ = wire.NewWriter(s.Stdout).Send(wire.Error, []byte(text[:min(len(text), wire.MaxPayload)]))
	return err
}
