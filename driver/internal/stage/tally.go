package stage

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"gitlab-fargate-runners/driver/internal/metrics"
	"gitlab-fargate-runners/driver/internal/task"
)

// Tally is what a call learns about capacity and tasks, for the metrics. It may be used from several goroutines.
type Tally struct {
	mutex sync.Mutex
	// ready is the capacity of the task that has become ready.
	ready   string
	refused []metrics.Refused
	// tasks are those that ECS has shown, as it showed them last.
	tasks map[string]task.Shown
}

// Show takes in what ECS shows of a task. A later answer may come from a copy that lags behind, so it takes away nothing.
func (t *Tally) Show(now task.Shown) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.tasks == nil {
		t.tasks = map[string]task.Shown{}
	}
	before := t.tasks[now.ARN]
	now.Start, now.Pull = max(now.Start, before.Start), max(now.Pull, before.Pull)
	now.Stopping, now.Interrupted = now.Stopping || before.Stopping, now.Interrupted || before.Interrupted
	t.tasks[now.ARN] = now
}

// noCapacity takes in why a placement did not work, where it lacks capacity.
func (t *Tally) noCapacity(provider string, err error) {
	if !errors.Is(err, task.ErrNoCapacity) {
		return
	}
	why := "capacity"
	if errors.Is(err, task.ErrQuota) {
		why = "quota"
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.refused = append(t.refused, metrics.Refused{Capacity: task.CapacityOf(provider), Why: why})
}

// isReady takes in that a task on this capacity is ready, and returns how long its images were pulled.
func (t *Tally) isReady(provider, arn string) (pull time.Duration) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.ready = task.CapacityOf(provider)
	return t.tasks[arn].Pull
}

// Capacity returns what the metrics count. A task counts in the call in which it ends: by then ECS shows all of it.
func (t *Tally) Capacity() metrics.Capacity {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	counted := metrics.Capacity{Ready: t.ready, Refused: t.refused}
	for _, arn := range slices.Sorted(maps.Keys(t.tasks)) {
		if shown := t.tasks[arn]; shown.Stopping {
			counted.Ended = append(counted.Ended, metrics.Ended{
				Capacity: shown.Capacity, Start: shown.Start, Pull: shown.Pull, Interrupted: shown.Interrupted,
			})
		}
	}
	return counted
}
