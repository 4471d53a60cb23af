// Package supervisor runs one stage in the task, apart from the SSH session that started it. It keeps the stage's
// output and result until the driver has them.
package supervisor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// These are the supervisor's answers to the process that started it. Any other answer is an error in words.
const (
	StatusStarted = "started"
	// StatusTaken means that a stage has started under this token before.
	StatusTaken = "taken"
)

// Socket is the socket of a token's stage. It stays after the supervisor's end, so that a token is never used twice.
func Socket(directory, token string) string { return filepath.Join(directory, token+".sock") }

// Main runs a stage from its start until the driver has its result and no process writes to its output any more. It
// needs a process of its own, because it waits for children that it has not started. It reads the script, which has
// size bytes, from stdin. It writes to status whether the stage has started, and closes status. first is the connection
// of whoever starts the stage.
func Main(directory, token string, size int64, stdin io.Reader, status io.WriteCloser, first net.Conn) error {
	stage, listener, err := claim(directory, token, size, stdin)
	switch {
	case errors.Is(err, fs.ErrExist):
		_, _ = io.WriteString(status, StatusTaken)
		return status.Close()
	case err != nil:
		_, _ = io.WriteString(status, err.Error())
		return errors.Join(err, status.Close())
	}
	// A script that signals all that it finds (kill -TERM -1, pkill) ends itself, and its end has to be told. The
	// supervisor takes the signals and drops them; to ignore them would make the script's processes ignore them too.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	go stage.tellLastWords(LastWords, signals)
	_, _ = io.WriteString(status, StatusStarted)
	_ = status.Close()
	Serve(listener, first, stage, wire.KeepResult)
	// What the stage has left in the background may live as long as the task, in whose memory this process is.
	debug.FreeOSMemory()
	<-stage.closed
	return nil
}

// claim starts the script unless another supervisor has done so under this token. Only one supervisor can create the
// link, and the socket behind it answers from the first moment.
func claim(directory, token string, size int64, stdin io.Reader) (*RunningScript, net.Listener, error) {
	script, err := io.ReadAll(io.LimitReader(stdin, size+1))
	if err == nil && int64(len(script)) != size {
		err = fmt.Errorf("%d bytes of %d came", len(script), size)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the script: %w", err)
	}
	// An earlier stage may have removed the folder.
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, nil, fmt.Errorf("creating the folder of the stages: %w", err)
	}
	own := filepath.Join(directory, fmt.Sprintf("%d.new", os.Getpid()))
	_ = os.Remove(own) // A killed process with the same id may have left it.
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
		// Nothing has run, so the token is free again.
		_ = os.Remove(Socket(directory, token))
		_ = listener.Close()
		return nil, nil, err
	}
	return stage, listener, nil
}
