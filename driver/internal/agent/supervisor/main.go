// Package supervisor runs one stage in the task, apart from the SSH session that started it, and keeps its output and
// its result until the driver has them.
package supervisor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// What a supervisor tells the process that started it; anything else is an error in words.
const (
	StatusStarted = "started"
	// StatusTaken: a stage under this token has been started before.
	StatusTaken = "taken"
)

// Socket is where the supervisor of a token's stage answers. It stays when the supervisor has ended, so that a token is
// never used twice.
func Socket(directory, token string) string { return filepath.Join(directory, token+".sock") }

// Main runs a stage from its start until the driver has its result and nothing writes to its output any more. The process
// is the supervisor's own: it waits for children that it has not started.
// It reads the script from stdin, size bytes, and tells on status, which it closes, whether the stage has started.
func Main(directory, token string, size int64, stdin io.Reader, status io.WriteCloser) error {
	stage, listener, err := claim(directory, token, size, stdin)
	switch {
	case errors.Is(err, fs.ErrExist):
		_, _ = io.WriteString(status, StatusTaken)
		return status.Close()
	case err != nil:
		_, _ = io.WriteString(status, err.Error())
		return errors.Join(err, status.Close())
	}
	_, _ = io.WriteString(status, StatusStarted)
	_ = status.Close()
	Serve(listener, stage, wire.KeepResult)
	<-stage.closed
	return nil
}

// claim starts the script if nobody has under this token. The link is what only one can make, and it makes a socket
// appear that answers already.
func claim(directory, token string, size int64, stdin io.Reader) (*RunningScript, net.Listener, error) {
	script, err := io.ReadAll(io.LimitReader(stdin, size+1))
	if err == nil && int64(len(script)) != size {
		err = fmt.Errorf("%d bytes of %d came", len(script), size)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the script: %w", err)
	}
	own := filepath.Join(directory, fmt.Sprintf("%d.new", os.Getpid()))
	_ = os.Remove(own) // of a process that had this id and was killed
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: own, Net: "unix"})
	if err != nil {
		return nil, nil, fmt.Errorf("opening the stage's socket: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	err = os.Link(own, Socket(directory, token))
	_ = os.Remove(own)
	if err != nil {
		_ = listener.Close()
		return nil, nil, fmt.Errorf("claiming the stage: %w", err)
	}
	stage, err := Start(script, "ci-agent-"+token, SpoolLimit)
	if err != nil {
		// The token is free again, as nothing has run.
		_ = os.Remove(Socket(directory, token))
		_ = listener.Close()
		return nil, nil, err
	}
	return stage, listener, nil
}
