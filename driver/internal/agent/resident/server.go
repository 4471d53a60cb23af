// Package resident is ci-agent in the task: one process, which runs the job's stages apart from the SSH sessions that
// start them, and keeps their output and results until the driver has them.
package resident

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// MaxScript is the longest script in bytes: the task holds it in memory.
const MaxScript = 64 << 20

// Listen makes this process the one that serves the folder's address. It returns EADDRINUSE where another one does.
//
// The address is an abstract one (unix(7)), which has the folder's path but lies in no folder: a job that clears /run
// or /tmp cannot remove it, exactly one process can have it, and it ends with that process, however that one ends.
func Listen(directory string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", address(directory))
}

// Dial connects to the agent that serves the folder's address. It returns ECONNREFUSED where none does.
func Dial(directory string) (*net.UnixConn, error) {
	conn, err := net.DialUnix("unix", nil, address(directory))
	if err != nil {
		return nil, err
	}
	if err := CheckPeer(conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func address(directory string) *net.UnixAddr {
	return &net.UnixAddr{Name: "@" + filepath.Clean(directory), Net: "unix"}
}

// Server runs stages and answers who asks for them.
type Server struct {
	// keep is how long the server keeps a result that nobody asks for.
	keep   time.Duration
	reaper *reaper
	// lastWords is a file whose text a stage is to write to the job's log; see tellLastWords.
	lastWords string

	// peer tells why the server does not talk to the process at a connection's other end.
	peer func(*net.UnixConn) error

	mu sync.Mutex
	// stages has each token that came, so that none runs twice. It is nil where the stage is forgotten.
	stages map[string]*Stage
}

// Main serves until the process is killed or, where it is the container's first process, ended by a signal. It needs a
// process of its own, because it waits for children that it has not started.
func Main(listener *net.UnixListener) error {
	adoptOrphans()
	server := newServer(wire.KeepResult)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for received := range signals {
			// A script that signals all that it finds (kill -TERM -1, pkill) ends itself, and its end has to be told. So the
			// agent drops the signals; to ignore them would make the script's processes ignore them too. A container's first
			// process gets them from ECS alone.
			server.tellLastWords()
			if os.Getpid() == 1 && received != syscall.SIGHUP {
				_ = listener.Close()
			}
		}
	}()
	return server.serve(listener)
}

// running returns the stages that have not ended.
func (s *Server) running() []*Stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var running []*Stage
	for _, stage := range s.stages {
		if stage != nil && !stage.ended() {
			running = append(running, stage)
		}
	}
	return running
}

func newServer(keep time.Duration) *Server {
	return &Server{
		keep: keep, reaper: newReaper(), lastWords: lastWords, peer: CheckPeer, stages: map[string]*Stage{},
	}
}

// serve returns when the listener is closed.
func (s *Server) serve(listener *net.UnixListener) error {
	for {
		conn, err := listener.AcceptUnix()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			time.Sleep(pollEvery) // for example, the job has all files open that the task may have
		default:
			go s.session(conn)
		}
	}
}

func (s *Server) session(relay *net.UnixConn) {
	conn := &line{UnixConn: relay}
	defer func() { _ = conn.Close() }()
	from, to := wire.NewReader(conn), wire.NewWriter(conn)
	stage, offset, err := s.stageFor(conn, from)
	if err != nil {
		_ = to.Fail(err)
		return
	}
	stage.attach(conn, from, to, offset)
}

// stageFor returns the stage that a session is about, and the byte from which on the session wants its output.
func (s *Server) stageFor(conn *line, from *wire.Reader) (*Stage, int64, error) {
	if err := s.peer(conn.UnixConn); err != nil {
		return nil, 0, err
	}
	kind, payload, err := from.Next()
	if err != nil {
		return nil, 0, err
	}
	token := string(payload)
	switch kind {
	case wire.Run:
		script, err := receive(from)
		if err != nil {
			return nil, 0, err
		}
		stage, err := s.stage(token, script)
		return stage, 0, err
	case wire.Attach:
		offset, token, err := wire.ParseOffset(payload)
		if err != nil {
			return nil, 0, err
		}
		stage, err := s.stage(string(token), nil)
		if err == nil && !stage.spool.Holds(offset) {
			err = errors.New("the stage's output cannot be resumed at this offset")
		}
		if err == nil {
			stage.spool.Ack(offset) // the acknowledgement itself may have been lost
		}
		return stage, offset, err
	}
	return nil, 0, errors.New("a session begins with Run or Attach")
}

// stage returns the token's stage. It starts it where there is a script for it, unless it has run before.
func (s *Server) stage(token string, script []byte) (*Stage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stage, known := s.stages[token]
	switch {
	case stage != nil:
		return stage, nil
	case known:
		return nil, errors.New("the stage's result has been taken, or was not asked for in time")
	case script == nil:
		return nil, errors.New("the task knows no such stage")
	}
	stage, err := start(s.reaper, token, script, s.keep, func() { s.forget(token) })
	if err == nil {
		s.stages[token] = stage
		stage.tellLastWords(s.lastWords)
	}
	return stage, err
}

func (s *Server) forget(token string) {
	s.mu.Lock()
	stage := s.stages[token]
	s.stages[token] = nil
	s.mu.Unlock()
	if stage == nil {
		return
	}
	stage.spool.Ack(stage.result.Written)
	// The agent may wait for the next stage for long, in the memory that the job has.
	go debug.FreeOSMemory() // The driver waits for the session's end.
}

// receive returns the script once it has arrived completely.
func receive(from *wire.Reader) ([]byte, error) {
	script := bytes.NewBuffer([]byte{})
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
