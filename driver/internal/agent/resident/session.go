package resident

import (
	"sync/atomic"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// attach lets a driver have the stage's output from offset on, and its result. It sends output on one goroutine and
// reads the driver's frames on another, so that neither waits for the other.
func (s *Stage) attach(conn *line, from *wire.Reader, to *wire.Writer, offset int64) {
	var stopped atomic.Bool
	stop := func() {
		stopped.Store(true)
		_ = conn.Close()
		s.spool.Wake()
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
	if s.send(to, offset, stopped.Load) != nil {
		stop()
	}
	// The result is on its way. The driver answers Done, or the session ends and the next one asks again.
	<-ended
}

// asked notes that a driver asks for the result, or did until now.
func (s *Stage) asked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.patience != nil {
		s.patience.Reset(s.keep)
	}
}

// listen handles the driver's frames and returns when the session has ended.
func (s *Stage) listen(from *wire.Reader) {
	for {
		kind, payload, err := from.Next()
		if err != nil {
			return
		}
		switch kind {
		case wire.Done:
			if s.ended() {
				s.forget()
			}
			return
		case wire.Ack, wire.Terminate:
			n, err := wire.ParseNumber(payload)
			if err != nil {
				return
			}
			if kind == wire.Ack {
				s.spool.Ack(n)
			} else {
				go s.terminate(grace(n))
			}
		default:
			return
		}
	}
}

func grace(milliseconds int64) time.Duration {
	const longest = 24 * time.Hour
	return time.Duration(min(milliseconds, longest.Milliseconds())) * time.Millisecond
}
