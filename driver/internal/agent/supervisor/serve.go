package supervisor

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// server answers the connections to a stage's socket.
type server struct {
	stage *RunningScript
	// keep is how long the server keeps a result that nobody asks for. forget is the timer, once it runs.
	keep   time.Duration
	forget *time.Timer
	done   chan struct{}
	close  sync.Once

	// ending counts the terminations that run: the shell may end long before the processes that it has started.
	ending sync.WaitGroup

	mu sync.Mutex
	// displace ends the attached session.
	displace func()
}

// Serve lets drivers attach to the stage until one says that it has the result, or until no driver has asked for it for
// the time keep: the driver's last word may have been lost. first is a connection that is there already, or nil. It
// closes the listener.
func Serve(listener net.Listener, first net.Conn, stage *RunningScript, keep time.Duration) {
	s := &server{stage: stage, keep: keep, done: make(chan struct{}), displace: func() {}}
	go func() {
		<-stage.over
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forget = time.AfterFunc(keep, s.end)
	}()
	go func() {
		<-s.done
		_ = listener.Close()
	}()
	var sessions sync.WaitGroup
	defer s.ending.Wait()
	defer sessions.Wait() // they still send what they are about to send
	if first != nil {
		sessions.Go(func() { s.session(first) })
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		sessions.Go(func() { s.session(conn) })
	}
}

func (s *server) session(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	from, to := wire.NewReader(conn), wire.NewWriter(conn)
	kind, payload, err := from.Next()
	if err != nil {
		return
	}
	if kind != wire.Attach {
		_ = to.Send(wire.Error, []byte("a session begins with Attach"))
		return
	}
	offset, err := wire.ParseNumber(payload)
	if err != nil || !s.stage.spool.Holds(offset) {
		_ = to.Send(wire.Error, []byte("the stage's output cannot be resumed at this offset"))
		return
	}
	s.stage.spool.Ack(offset) // the acknowledgement itself may have been lost
	s.attach(conn, from, to, offset)
}

// attach sends output on one goroutine and reads the driver's frames on another, so that neither waits for the other.
func (s *server) attach(conn net.Conn, from *wire.Reader, to *wire.Writer, offset int64) {
	var stopped atomic.Bool
	stop := func() {
		stopped.Store(true)
		_ = conn.Close()
		s.stage.spool.Wake()
	}
	s.mu.Lock()
	s.displace()
	s.displace = stop
	s.mu.Unlock()
	s.asked()
	defer s.asked()
	defer stop()

	if to.Send(wire.Started) != nil {
		return
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer stop()
		s.listen(from)
	}()
	if s.stage.send(to, offset, stopped.Load) != nil {
		stop()
	}
	// The result is on its way. The driver answers Done, or the session ends and the next one asks again.
	<-ended
}

// asked notes that a driver asks for the result, or did until now.
func (s *server) asked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forget != nil {
		s.forget.Reset(s.keep)
	}
}

func (s *server) end() { s.close.Do(func() { close(s.done) }) }

// listen handles the driver's frames and returns when the session has ended.
func (s *server) listen(from *wire.Reader) {
	for {
		kind, payload, err := from.Next()
		if err != nil {
			return
		}
		switch kind {
		case wire.Done:
			if s.stage.ended() {
				s.stage.spool.Ack(s.stage.result.Written)
				s.end()
			}
			return
		case wire.Ack, wire.Terminate:
			n, err := wire.ParseNumber(payload)
			if err != nil {
				return
			}
			if kind == wire.Ack {
				s.stage.spool.Ack(n)
			} else {
				s.ending.Go(func() { s.terminate(n) })
			}
		default:
			return
		}
	}
}

func (s *server) terminate(milliseconds int64) {
	const longest = 24 * time.Hour
	s.stage.terminate(time.Duration(min(milliseconds, longest.Milliseconds())) * time.Millisecond)
}
