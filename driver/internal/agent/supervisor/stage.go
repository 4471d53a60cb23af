package supervisor

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// SpoolLimit is how many bytes a stage may be ahead of the job's log. Then the stage blocks, as it would at a full
// pipe.
const SpoolLimit = 4 << 20

// RunningScript is the script of a stage, running or ended.
type RunningScript struct {
	spool *Spool
	shell *shell
	// terminate holds ending while it ends the stage's processes. The result waits for those that outlive the shell.
	ending sync.Mutex
	// reads counts reads of the shell's output. A change means that output still comes.
	reads atomic.Int64
	// closed is closed when no process has the output open any more.
	closed chan struct{}
	// over is closed once result is valid.
	over   chan struct{}
	result wire.Result
}

// Start starts the script with a spool that holds limit bytes.
func Start(script []byte, marker string, limit int64) (*RunningScript, error) {
	shell, err := startShell(script, marker)
	if err != nil {
		return nil, err
	}
	s := &RunningScript{spool: NewSpool(limit), shell: shell, closed: make(chan struct{}), over: make(chan struct{})}
	go s.collect()
	go s.finish()
	return s, nil
}

// collect goes on after the stage's end, so that SIGPIPE kills no process that the stage has left in the background.
func (s *RunningScript) collect() {
	defer close(s.closed)
	buf := make([]byte, wire.Chunk)
	for {
		n, err := s.shell.output.Read(buf)
		s.reads.Add(1)
		_, _ = s.spool.Write(buf[:n])
		if err != nil {
			return
		}
	}
}

func (s *RunningScript) finish() {
	result := s.shell.wait()
	s.awaitTermination()
	s.drain()
	result.Written = s.spool.Seal()
	s.result = result
	close(s.over)
	s.spool.Wake()
	const none = -1
	_, _ = reap(none) // until the processes end that the stage has left in the background
}

// drain waits for the end of the output.
func (s *RunningScript) drain() {
	end, _ := s.spool.Written()
	wait := drainage{own: end + inPipe}
	tick := time.NewTicker(drainStep)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-s.closed:
			return
		case <-tick.C:
		}
		end, blocked := s.spool.Written()
		over = wait.over(s.reads.Load(), end, blocked)
	}
}

// terminate ends all processes of the stage.
func (s *RunningScript) terminate(grace time.Duration) {
	s.ending.Lock()
	defer s.ending.Unlock()
	terminate(s.shell.group(), grace)
}

func (s *RunningScript) awaitTermination() {
	s.ending.Lock()
	defer s.ending.Unlock()
}

// ended tells whether the result is known.
func (s *RunningScript) ended() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// send writes the output from offset on and finally the result, until stopped returns true.
func (s *RunningScript) send(to *wire.Writer, offset int64, stopped func() bool) error {
	buf := make([]byte, wire.Chunk)
	for {
		n := s.spool.Read(buf, offset, stopped)
		switch {
		case stopped():
			return nil
		case n > 0:
			if err := to.Send(wire.Output, wire.Number(offset), buf[:n]); err != nil {
				return err
			}
			offset += int64(n)
		default:
			<-s.over // the spool is sealed a moment before
			return to.Send(wire.Exit, s.result.Payload())
		}
	}
}

var _ io.Writer = (*Spool)(nil)
