package resident

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

// Stage is a stage whose script runs or has ended.
type Stage struct {
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

	// forget makes the agent forget the stage, whose result the driver has, or that no driver asks for any more.
	forget func()

	mu sync.Mutex
	// displace ends the attached session.
	displace func()
	// patience is the time until the agent forgets a result that no driver asks for, once there is one.
	keep     time.Duration
	patience *time.Timer
}

// start starts a stage whose result is kept for the time keep.
func start(reaper *reaper, token string, script []byte, keep time.Duration, forget func()) (*Stage, error) {
	shell, err := startShell(reaper, token, script)
	if err != nil {
		return nil, err
	}
	s := &Stage{
		spool: NewSpool(SpoolLimit), shell: shell, closed: make(chan struct{}), over: make(chan struct{}),
		forget: forget, displace: func() {}, keep: keep,
	}
	go s.collect()
	go s.finish()
	return s, nil
}

// collect goes on after the stage's end, so that SIGPIPE kills no process that the stage has left in the background.
func (s *Stage) collect() {
	defer close(s.closed)
	defer func() { _ = s.shell.output.Close() }()
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

// tell adds a text to the stage's output. It does not wait: the spool may be full for long.
func (s *Stage) tell(text []byte) {
	go func() { _, _ = s.spool.Write(text) }()
}

func (s *Stage) finish() {
	result := s.shell.wait()
	s.awaitTermination()
	s.drain()
	result.Written = s.spool.Seal()
	s.result = result
	close(s.over)
	s.spool.Wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patience = time.AfterFunc(s.keep, s.forget)
}

// drain waits for the end of the output.
func (s *Stage) drain() {
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
func (s *Stage) terminate(grace time.Duration) {
	s.ending.Lock()
	defer s.ending.Unlock()
	s.shell.terminate(grace)
}

func (s *Stage) awaitTermination() {
	s.ending.Lock()
	defer s.ending.Unlock()
}

// ended tells whether the result is known.
func (s *Stage) ended() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// send writes the output from offset on and finally the result, until stopped returns true.
func (s *Stage) send(to *wire.Writer, offset int64, stopped func() bool) error {
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
