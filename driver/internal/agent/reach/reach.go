// Package reach tells which of a job's services take connections, from within their task, where all are at localhost.
package reach

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pause is the time between two attempts at a port.
const pause = 100 * time.Millisecond

// Parse reads the ports of a service, such as "80,443".
func Parse(text string) (ports []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		port, err := strconv.Atoi(part)
		if err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("%q is no port", part)
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// Format is what Parse reads.
func Format(ports []int) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(ports)), ","), "[]")
}

// Services returns the indexes of those services of which a port has taken a connection, as soon as that is so for each,
// or the limit is over. As with gitlab-runner's Docker executor, one of a service's ports is enough.
func Services(services [][]int, limit time.Duration) (reached []int) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	up := make([]bool, len(services))
	var all sync.WaitGroup
	for i, ports := range services {
		all.Go(func() { up[i] = anyOf(ctx, ports) })
	}
	all.Wait()
	for i, is := range up {
		if is {
			reached = append(reached, i)
		}
	}
	return reached
}

// anyOf tries all ports until one has taken a connection or ctx ends.
func anyOf(ctx context.Context, ports []int) bool {
	ctx, found := context.WithCancel(ctx)
	defer found()
	taken := make(chan bool, len(ports))
	for _, port := range ports {
		go func() { taken <- one(ctx, port) }()
	}
	for range ports {
		select {
		case yes := <-taken:
			if yes {
				return true
			}
		case <-ctx.Done(): // A full backlog answers nothing.
			return false
		}
	}
	return false
}

// one tries the port until it has taken a connection or ctx ends. It needs no Dialer, with which this program would have
// what looks names up as well, a tenth of its size.
func one(ctx context.Context, port int) bool {
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	for {
		if conn, err := net.DialTCP("tcp", nil, address); err == nil {
			_ = conn.Close()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}
