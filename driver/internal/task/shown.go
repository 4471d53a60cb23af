package task

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Shown is what ECS shows of a task that is worth counting. Any duration is 0 where ECS does not show it.
type Shown struct {
	ARN string
	// Capacity is the capacity provider, or the launch type.
	Capacity string
	// Start is the time from RunTask until the task ran, Pull the part of it in which all images were pulled.
	Start, Pull time.Duration
	// Stopping tells that the task has stopped or is about to, Interrupted that AWS has taken its capacity back.
	Stopping, Interrupted bool
}

func shown(task *types.Task) Shown {
	return Shown{
		ARN:         aws.ToString(task.TaskArn),
		Capacity:    CapacityOf(cmp.Or(aws.ToString(task.CapacityProviderName), string(task.LaunchType))),
		Start:       between(task.CreatedAt, task.StartedAt),
		Pull:        between(task.PullStartedAt, task.PullStoppedAt),
		Stopping:    Stopping(task),
		Interrupted: task.StopCode == types.TaskStopCodeSpotInterruption,
	}
}

// CapacityOf is the name of a capacity provider, and of on-demand capacity where there is none: what the launch type
// FARGATE starts is the same as what the provider of this name does.
func CapacityOf(provider string) string { return cmp.Or(provider, onDemand) }

func between(from, until *time.Time) time.Duration {
	if from == nil || until == nil {
		return 0
	}
	return until.Sub(*from)
}

// show tells whoever counts what ECS has just shown.
func (t *Tasks) show(task *types.Task) {
	if t.Show != nil && task != nil {
		t.Show(shown(task))
	}
}

// statusOf is the task's status for the job's log.
func statusOf(task *types.Task) string {
	status := aws.ToString(task.LastStatus)
	if task.PullStartedAt != nil && task.PullStoppedAt == nil && status == "PENDING" {
		return status + ", pulling its image"
	}
	return status
}
