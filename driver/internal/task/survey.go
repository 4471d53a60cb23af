package task

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/ecstasks"
	"gitlab-fargate-runners/driver/internal/sleep"
)

// StackTag is the tag that tells apart the tasks of stacks that share a cluster.
const StackTag = "gitlab-fargate-runners:stack"

// Listing is a task of the cluster as ECS lists it.
type Listing struct {
	ARN       string
	StartedBy string
	Lease     Lease
	// Foreign is true where the task carries the StackTag of another stack.
	Foreign bool
}

// Survey returns all tasks of the cluster that have not stopped and are not stopping, whoever started them. It repeats
// calls that ECS throttles or that fail, within Fargate.StopTimeout. Its error is ErrNoCluster where there is no such
// cluster, which then has no tasks: ECS deletes none that has.
func (t *Tasks) Survey(ctx context.Context, place Place) ([]Listing, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Config.StopTimeout.Duration)
	defer cancel()
	cluster := t.cluster(place)
	arns, err := ecstasks.List(ctx, t.API, ecs.ListTasksInput{
		Cluster: cluster, DesiredStatus: types.DesiredStatusRunning,
	}, t.retrying(ctx), place.region)
	if err != nil {
		return nil, err
	}
	tasks, err := ecstasks.Describe(ctx, t.API, ecs.DescribeTasksInput{
		Cluster: cluster, Include: []types.TaskField{types.TaskFieldTags},
	}, arns, t.retrying(ctx), place.region)
	if err != nil {
		return nil, err
	}
	var all []Listing
	for i := range tasks {
		if !Stopping(&tasks[i]) {
			all = append(all, t.seen(&tasks[i]))
		}
	}
	return all, nil
}

func (t *Tasks) seen(task *types.Task) Listing {
	seen := Listing{ARN: aws.ToString(task.TaskArn), StartedBy: aws.ToString(task.StartedBy), Lease: leaseOf(task)}
	own := t.Config.Tags[StackTag]
	for _, tag := range task.Tags {
		if aws.ToString(tag.Key) == StackTag && own != "" && aws.ToString(tag.Value) != own {
			seen.Foreign = true
		}
	}
	return seen
}

// Stop stops one task and repeats the call until ECS confirms it, within Fargate.StopTimeout. It returns false without
// an error where the task had stopped before.
func (t *Tasks) Stop(ctx context.Context, arn, reason string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Config.StopTimeout.Duration)
	defer cancel()
	return t.stop(ctx, arn, reason)
}

// retrying returns a Try that repeats a call until it succeeds, ECS refuses it, or ctx ends.
func (t *Tasks) retrying(ctx context.Context) ecstasks.Try {
	return func(action string, call func() error) error {
		pauses := t.polling()
		for {
			err := call()
			if err == nil {
				return nil
			}
			if refusedByAPI(err) && kindOf(err) != throttled || notCalled(err) || ctx.Err() != nil {
				return explain(action, err)
			}
			t.Log.Warn("a call failed, trying again", "action", action, "error", err)
			if sleep.For(ctx, pauses.NextBackOff()) != nil {
				return explain(action, err)
			}
		}
	}
}
