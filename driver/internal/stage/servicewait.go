package stage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/install"
	"gitlab-fargate-runners/driver/internal/agent/reach"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/sleep"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// serviceWait is the wait for a job's services.
type serviceWait struct {
	*Driver
	services []images.Service
	// deadline is zero until the wait has begun. A lost connection does not make it longer.
	deadline time.Time

	mu sync.Mutex
	// states are what ECS has last shown, nil before.
	states []task.ServiceState
	// settled are the services that nobody waits for any more.
	settled []bool
	// unheard is true where ci-agent did not answer when it was last asked.
	unheard bool
}

// reachTurn is how long ci-agent looks at the services before the driver asks ECS's last word on them.
const reachTurn = time.Second

func (d *Driver) waitForServices(services []images.Service) *serviceWait {
	return &serviceWait{Driver: d, services: services, settled: make([]bool, len(services))}
}

// until returns once each service takes connections at one of its ports, or runs where none is known, or has ended, or
// the time is over. It tells the job's log of those that did not come up, and the job goes on without them, as with
// GitLab's Docker executor. lost tells whether it was the connection that was lost.
func (w *serviceWait) until(ctx context.Context, connection Connection, known *state.Task) (lost bool, err error) {
	limit := w.Config.Fargate.WaitForServices
	if w.deadline.IsZero() {
		w.deadline = time.Now().Add(limit.Duration)
		w.printf("Waiting for services to be up and running (timeout %s)...", limit.Duration)
	}
	job := ctx // Services' logs outlive the task.
	ctx, end := whileWatching(ctx, func(ctx context.Context) error {
		return w.Tasks.WatchServices(ctx, known.ARN, len(w.services), w.look)
	})
	defer end()
	for {
		w.takeStates(job, known)
		remaining := time.Until(w.deadline)
		switch {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case len(w.left()) == 0:
			return false, nil
		case remaining <= 0:
			late := map[int]string{}
			for _, index := range w.left() {
				// Where ECS has shown nothing since the task runs, all that is known is that its containers did then.
				if len(w.services[index].Ports) > 0 || w.seen() {
					late[index] = w.why(index, limit.Duration)
				}
			}
			w.tell(job, known, late)
			return false, context.Cause(job)
		}
		err := w.ask(ctx, connection, known, remaining)
		switch w.unheard = err != nil; {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case err != nil && time.Now().Before(w.deadline):
			return true, err
		}
	}
}

// takeStates settles the services of which ECS has shown enough.
func (w *serviceWait) takeStates(ctx context.Context, known *state.Task) {
	ended := map[int]string{}
	for _, index := range w.left() {
		switch now := w.state(index); {
		case now.Ended:
			ended[index] = now.End
		case now.Running && len(w.services[index].Ports) == 0:
			w.settled[index] = true
		}
	}
	w.tell(ctx, known, ended)
}

// ask settles the services that take connections. It returns an error where the connection was lost, or gives no answer
// until little more than the remaining time is over.
func (w *serviceWait) ask(ctx context.Context, connection Connection, known *state.Task, remaining time.Duration) error {
	limit := min(remaining, reachTurn)
	var asked []int
	var ports [][]int
	for _, index := range w.left() {
		if own := w.services[index].Ports; len(own) > 0 {
			asked, ports = append(asked, index), append(ports, own)
		}
	}
	if len(asked) == 0 {
		_ = sleep.For(ctx, min(limit, w.Config.Fargate.PollInterval.Duration)) // until ECS has been asked again
		return context.Cause(ctx)
	}
	bounded, cancel := answering(ctx, min(limit+w.Config.SSH.ConnectTimeout.Duration, remaining+reachTurn))
	defer cancel()
	reached, err := install.Reach(bounded, connection, known.Agent.Path, ports, limit)
	var unusable *install.Unusable
	if errors.As(err, &unusable) {
		w.Log.Warn("ci-agent cannot tell which services are up", "error", err)
		_ = sleep.For(ctx, limit)
		return context.Cause(ctx)
	}
	for _, index := range reached {
		w.settled[asked[index]] = true
	}
	return err
}

// look takes what ECS shows.
func (w *serviceWait) look(states []task.ServiceState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states = states
}

func (w *serviceWait) seen() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.states != nil
}

func (w *serviceWait) state(index int) task.ServiceState {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.states == nil {
		return task.ServiceState{}
	}
	return w.states[index]
}

func (w *serviceWait) left() (indexes []int) {
	for i, over := range w.settled {
		if !over {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// why is the reason why a service counts as not up when the time is over.
func (w *serviceWait) why(index int, waited time.Duration) string {
	if ports := w.services[index].Ports; len(ports) > 0 {
		if w.unheard {
			return fmt.Sprintf("may take connections at port %s or not: ci-agent gave no answer within %s", reach.Format(ports), waited)
		}
		return fmt.Sprintf("took no connection at port %s within %s", reach.Format(ports), waited)
	}
	return fmt.Sprintf("did not run within %s", waited)
}

// tell settles services that are not up, and tells the job's log of them.
func (w *serviceWait) tell(ctx context.Context, known *state.Task, why map[int]string) {
	for index := range why {
		w.settled[index] = true
	}
	w.warnOfServices(ctx, known, "probably didn't start properly", why)
}
