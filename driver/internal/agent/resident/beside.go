package resident

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// The agent in the container of a job's own image is reached from the container beside it, over a socket in a volume
// that both have. Containers without the volume cannot reach it, so it does not matter in which one a peer is, but whose
// it is.

// stopNotice is told to the job's log when ECS stops the task while a stage runs.
const stopNotice = "\nThe job's container was told to stop (SIGTERM), as ECS does when AWS takes spot capacity back. " +
	"ECS lets the job go on for two minutes at the most.\n"

// idleLooks is for how many looks, one a second, nothing has to run before an agent ends that ECS has told to.
const idleLooks = 10

// ListenAt makes this process the one that serves at the path. Only this user and root can connect there.
func ListenAt(path string) (*net.UnixListener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

// DialAt connects to the agent that serves at the path and is root's or the given user's.
func DialAt(path string, user int) (*net.UnixConn, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := isOf(conn, user); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func isOf(conn *net.UnixConn, user int) error {
	peer, err := PeerUser(conn)
	if err == nil && peer != 0 && peer != user {
		return fmt.Errorf("the process at ci-agent's socket is user %d's, and not user %d's", peer, user)
	}
	return err
}

// Await returns the user whose agent serves at the path, once one does.
func Await(path string, limit time.Duration) (user int, err error) {
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		if err == nil {
			defer func() { _ = conn.Close() }()
			return PeerUser(conn)
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("it did not come within %s: %w", limit, err)
		}
	}
}

// MainAt serves at the path until ECS stops the task and the job has ended, or has nothing that runs.
func MainAt(path string) error {
	listener, err := ListenAt(path)
	if err != nil {
		return err
	}
	adoptOrphans()
	server := newServer(wire.KeepResult)
	server.peer = func(conn *net.UnixConn) error { return isOf(conn, os.Getuid()) }
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for received := range signals {
			if received == syscall.SIGTERM {
				server.tell(stopNotice)
				server.awaitIdle(filepath.Join(filepath.Dir(path), wire.Over))
				_ = listener.Close()
			}
		}
	}()
	return server.serve(listener)
}

// tell adds a text to the output of the stage that runs.
func (s *Server) tell(text string) {
	for _, stage := range s.running() {
		stage.tell([]byte(text))
	}
}

// awaitIdle returns once the file is there, or nothing has run for some seconds, as between two stages. SIGKILL comes
// when the container's stopTimeout is over.
func (s *Server) awaitIdle(file string) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for idle := 0; idle < idleLooks; <-tick.C {
		if _, err := os.Stat(file); err == nil {
			return
		}
		if idle++; len(s.running()) > 0 {
			idle = 0
		}
	}
}
