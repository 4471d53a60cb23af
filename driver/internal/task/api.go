// Package task starts, watches, finds and stops Fargate tasks.
package task

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/cenkalti/backoff/v5"

	"gitlab-fargate-runners/driver/internal/config"
)

// Container is the name that the job's container must have in the task definition.
const Container = "ci-coordinator"

// API is the part of ECS that the driver uses; *ecs.Client has it.
type API interface {
	RunTask(context.Context, *ecs.RunTaskInput, ...func(*ecs.Options)) (*ecs.RunTaskOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	StopTask(context.Context, *ecs.StopTaskInput, ...func(*ecs.Options)) (*ecs.StopTaskOutput, error)
}

// Addresses looks up the public address of a network interface; it returns "" while there is none.
type Addresses interface {
	PublicAddress(ctx context.Context, networkInterface string) (string, error)
}

// Tasks works on one cluster.
type Tasks struct {
	API       API
	Addresses Addresses
	Config    config.Fargate
	Log       *slog.Logger
	// Probe, where set, tells that a task can be reached before ECS says that it runs. Private addresses only: a public
	// one costs a call to be known.
	Probe Probe
	// ConsistencyWindow is how long ECS may need to show a task that was just started.
	ConsistencyWindow time.Duration
}

// DefaultConsistencyWindow is generous: ECS usually shows a task within a second.
const DefaultConsistencyWindow = 15 * time.Second

// polling returns pauses that grow from PollInterval to MaxPollInterval, with jitter so that jobs started together do
// not ask together.
func (t *Tasks) polling() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     t.Config.PollInterval.Duration,
		MaxInterval:         t.Config.MaxPollInterval.Duration,
		Multiplier:          1.4,
		RandomizationFactor: 0.2,
	}
}

// sleep waits for d or until ctx is done, and returns the cause then.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
