package report

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/ecstasks"
)

// window is how far back a report counts failed starts and interruptions. Each report counts them anew, so that the reports of
// several hosts, and a late one, agree. ECS shows a stopped task for an hour.
const window = 5 * time.Minute

// spot is the capacity provider of Fargate's spot capacity.
const spot = "FARGATE_SPOT"

// Tasks is the state of a cluster.
type Tasks struct {
	// Running counts tasks that start, run or stop.
	Running int
	// Oldest is the age of the oldest of them; 0 where there is none.
	Oldest time.Duration
	// FailedToStart counts tasks that ended within the last five minutes and never ran.
	FailedToStart int
	// OnSpot counts those of Running that are on spot capacity.
	OnSpot int
	// Interrupted counts tasks that ended within the last five minutes as AWS took their spot capacity back.
	Interrupted int
}

// CountTasks looks at all tasks of a cluster.
func CountTasks(ctx context.Context, api ecstasks.API, cluster string, now time.Time) (Tasks, error) {
	var found Tasks
	err := describe(ctx, api, cluster, types.DesiredStatusRunning, func(task types.Task) {
		found.add(task, now)
	})
	if err != nil {
		return Tasks{}, err
	}
	err = describe(ctx, api, cluster, types.DesiredStatusStopped, func(task types.Task) {
		switch {
		case aws.ToString(task.LastStatus) != "STOPPED":
			// ECS still runs a task that stops.
			found.add(task, now)
		case now.Sub(aws.ToTime(task.StoppedAt)) >= window:
		case task.StopCode == types.TaskStopCodeTaskFailedToStart:
			found.FailedToStart++
		case task.StopCode == types.TaskStopCodeSpotInterruption:
			found.Interrupted++
		}
	})
	if err != nil {
		return Tasks{}, err
	}
	return found, nil
}

func (t *Tasks) add(task types.Task, now time.Time) {
	t.Running++
	if aws.ToString(task.CapacityProviderName) == spot {
		t.OnSpot++
	}
	if task.CreatedAt != nil { // ECS need not tell
		t.Oldest = max(t.Oldest, now.Sub(*task.CreatedAt))
	}
}

func describe(
	ctx context.Context, api ecstasks.API, cluster string, status types.DesiredStatus, see func(types.Task),
) error {
	once := func(action string, call func() error) error {
		if err := call(); err != nil {
			return fmt.Errorf("looking at the cluster's tasks (ecs:%s): %w", action, err)
		}
		return nil
	}
	arns, err := ecstasks.List(ctx, api, ecs.ListTasksInput{Cluster: aws.String(cluster), DesiredStatus: status}, once)
	if err != nil {
		return err
	}
	tasks, err := ecstasks.Describe(ctx, api, ecs.DescribeTasksInput{Cluster: aws.String(cluster)}, arns, once)
	for _, task := range tasks {
		see(task)
	}
	return err
}
