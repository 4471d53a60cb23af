package sshconn

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"gitlab-fargate-runners/driver/internal/drain"
)

// output copies a command's streams and knows whether they still flow.
type output struct {
	copies  sync.WaitGroup
	started chan struct{}
	// moved counts bytes written, busy the writes that have not returned: a slow reader of the log is not the end of
	// the log.
	moved, busy atomic.Int64
	err         atomic.Pointer[error]
	// roundTrip returns when the other side has answered, so that drain does not take a stalled connection for the end
	// of the output.
	roundTrip func() error
}

func newOutput(roundTrip func() error) *output {
	return &output{started: make(chan struct{}), roundTrip: roundTrip}
}

func (o *output) copy(to io.Writer, from io.Reader) {
	o.copies.Go(func() {
		if _, err := io.Copy(&counting{to, o}, from); err != nil {
			o.err.CompareAndSwap(nil, &err)
			// The remote process must not block on a log that nobody reads.
			_, _ = io.Copy(io.Discard, from)
		}
	})
}

// allStarted says that no copy will be added any more.
func (o *output) allStarted() { close(o.started) }

// drain waits until all streams have ended, no output comes any more, or drain.Max is over.
func (o *output) drain() {
	ended := make(chan struct{})
	go func() {
		<-o.started
		o.copies.Wait()
		close(ended)
	}()
	start, before := time.Now(), int64(-1)
	for {
		select {
		case <-ended:
			return
		case <-time.After(drain.Idle):
		}
		err := o.roundTrip()
		now := o.moved.Load()
		if err != nil || time.Since(start) > drain.Max || (now == before && o.busy.Load() == 0) {
			return
		}
		before = now
	}
}

// failed returns the first error of writing.
func (o *output) failed() error {
	if err := o.err.Load(); err != nil {
		return *err
	}
	return nil
}

type counting struct {
	io.Writer
	output *output
}

func (c *counting) Write(p []byte) (int, error) {
	c.output.busy.Add(1)
	defer c.output.busy.Add(-1)
	n, err := c.Writer.Write(p)
	c.output.moved.Add(int64(n))
	return n, err
}
