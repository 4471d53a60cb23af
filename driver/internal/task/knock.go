package task

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"
)

// knockEvery is the pause between two knocks; they cost no call to AWS.
const knockEvery = 250 * time.Millisecond

// Knock tells whether somebody listens at a task's address.
type Knock func(ctx context.Context, address string) bool

// KnockAt returns a Knock at a TCP port.
func KnockAt(port int) Knock {
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

// awaitAnswer knocks for the time of a pause, where there is an address. ECS says RUNNING some seconds after the container
// runs, and is asked only now and then.
func (t *Tasks) awaitAnswer(ctx context.Context, address string, pause time.Duration) (answered bool, err error) {
	if address == "" {
		return false, sleep(ctx, pause)
	}
	knocking, cancel := context.WithTimeoutCause(ctx, pause, errPauseOver)
	defer cancel()
	for !t.Knock(knocking, address) {
		if err := sleep(knocking, knockEvery); errors.Is(err, errPauseOver) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}
