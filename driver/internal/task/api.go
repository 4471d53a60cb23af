// Package task starts, watches, finds and stops Fargate tasks.
package task

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/cenkalti/backoff/v5"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/servicelog"
)

// Container is the name that the task definition must give the job's container.
const Container = "ci-coordinator"

// API is the part of ECS that the driver calls; *ecs.Client has it.
type API interface {
	RunTask(context.Context, *ecs.RunTaskInput, ...func(*ecs.Options)) (*ecs.RunTaskOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	StopTask(context.Context, *ecs.StopTaskInput, ...func(*ecs.Options)) (*ecs.StopTaskOutput, error)
}

// Addresses looks up the public address of a network interface. It returns "" while the interface has none.
type Addresses interface {
	PublicAddress(ctx context.Context, networkInterface string) (string, error)
}

// Tasks starts tasks in the configured cluster, and works on the ones that are there wherever they were started.
type Tasks struct {
	API API
	// Definitions are needed for jobs with an image alone.
	Definitions Definitions
	// Logs are needed for jobs with services alone.
	Logs      servicelog.API
	Addresses Addresses
	Config    config.Fargate
	Log       *slog.Logger
	// Region tells the region of calls where the configuration names none.
	Region func() (string, error)
	// Probe, where it is set, tells that a task can be reached before ECS says that the task runs. The driver probes
	// private addresses only: to learn a public address costs a call.
	Probe Probe
	// Show, where it is set, is told what ECS shows of a task, in each answer.
	Show func(Shown)
	// ConsistencyWindow is how long ECS may take to show a task that it has just started.
	ConsistencyWindow time.Duration

	// base is what ECS has told for Base, for the Define that follows.
	base atomic.Pointer[toldBase]
}

// DefaultConsistencyWindow is generous: ECS usually shows a task within a second.
const DefaultConsistencyWindow = 15 * time.Second

// polling returns pauses that grow from PollInterval to MaxPollInterval. The jitter keeps jobs that start together from
// asking together.
func (t *Tasks) polling() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     t.Config.PollInterval.Duration,
		MaxInterval:         t.Config.MaxPollInterval.Duration,
		Multiplier:          1.4,
		RandomizationFactor: 0.2,
	}
}
