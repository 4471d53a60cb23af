package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ECS is the part of ECS that a report needs; *ecs.Client has it.
type ECS interface {
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
}

// describeAtOnce is as many tasks as DescribeTasks takes.
const describeAtOnce = 100

// failureWindow is how far back failed starts are counted. Each report counts them anew, so that reports of several hosts,
// and one that was late, tell the same; ECS shows a stopped task for an hour.
const failureWindow = 5 * time.Minute

// Tasks is the state of a cluster.
type Tasks struct {
	// Running counts tasks that are started, run or stop.
	Running int
	// Oldest is the age of the oldest of them; 0 where there is none.
	Oldest time.Duration
	// FailedToStart counts tasks that ended within the last five minutes without having run.
	FailedToStart int
}

// Survey looks at all tasks of a cluster.
func Survey(ctx context.Context, api ECS, cluster string, now time.Time) (Tasks, error) {
	var found Tasks
	err := describe(ctx, api, cluster, types.DesiredStatusRunning, func(task types.Task) {
		found.Running++
		if task.CreatedAt != nil {
			found.Oldest = max(found.Oldest, now.Sub(*task.CreatedAt))
		}
	})
	if err != nil {
		return Tasks{}, err
	}
	err = describe(ctx, api, cluster, types.DesiredStatusStopped, func(task types.Task) {
		switch {
		case aws.ToString(task.LastStatus) != "STOPPED":
			// Its time is not over while it stops.
			found.Running++
			found.Oldest = max(found.Oldest, now.Sub(aws.ToTime(task.CreatedAt)))
		case task.StopCode == types.TaskStopCodeTaskFailedToStart && now.Sub(aws.ToTime(task.StoppedAt)) < failureWindow:
			found.FailedToStart++
		}
	})
	if err != nil {
		return Tasks{}, err
	}
	return found, nil
}

func describe(ctx context.Context, api ECS, cluster string, status types.DesiredStatus, see func(types.Task)) error {
	list := ecs.NewListTasksPaginator(api, &ecs.ListTasksInput{Cluster: aws.String(cluster), DesiredStatus: status})
	for list.HasMorePages() {
		page, err := list.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing tasks: %w", err)
		}
		for chunk := range slices.Chunk(page.TaskArns, describeAtOnce) {
			output, err := api.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: chunk})
			if err != nil {
				return fmt.Errorf("describing tasks: %w", err)
			}
			for _, task := range output.Tasks {
				see(task)
			}
		}
	}
	return nil
}
