package task

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"gitlab-fargate-runners/driver/internal/sleep"
)

// probeEvery is the pause between two probes. A probe costs no call to AWS.
const probeEvery = 250 * time.Millisecond

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
	for !t.Probe(probing, address) {
		if err := sleep.For(probing, probeEvery); errors.Is(err, errPauseOver) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}
