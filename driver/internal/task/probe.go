package task

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"gitlab-fargate-runners/driver/internal/sleep"
)

// probeEvery is the time between the starts of two probes, on average half of which a job waits in vain. A probe costs no
// call to AWS, and each is over after a second, so that ten at most are under way.
const probeEvery = 100 * time.Millisecond

// Probe tells whether anybody listens at a task's address.
type Probe func(ctx context.Context, address string) bool

// ProbePort returns a Probe of a TCP port.
func ProbePort(port int) Probe {
	dialer := net.Dialer{Timeout: time.Second}
	return func(ctx context.Context, address string) bool {
		connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	}
}

var errPauseOver = errors.New("the pause is over")

// awaitAnswer probes the address, where there is one, until the pause is over. ECS says RUNNING some seconds after the
// container runs, and the driver asks it only now and then.
func (t *Tasks) awaitAnswer(ctx context.Context, address string, pause time.Duration) (answered bool, err error) {
	if address == "" {
		return false, sleep.For(ctx, pause)
	}
	probing, cancel := context.WithTimeoutCause(ctx, pause, errPauseOver)
	defer cancel()
	answers := make(chan struct{}, 1)
	for {
		// Probes overlap: one whose packet was swallowed, as it is before the task's network is up, learns of an answer
		// only when the kernel repeats the packet, seconds later.
		go func() {
			if t.Probe(probing, address) {
				select {
				case answers <- struct{}{}:
				default:
				}
			}
		}()
		select {
		case <-answers:
			return true, nil
		case <-time.After(probeEvery):
		case <-probing.Done():
			if err := context.Cause(probing); !errors.Is(err, errPauseOver) {
				return false, err
			}
			return false, nil
		}
	}
}
