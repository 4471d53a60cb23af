package task

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/ecstasks"
)

// StackTag is the tag by which the stacks that share a cluster tell their tasks apart.
const StackTag = "gitlab-fargate-runners:stack"

// Listing is a task of the cluster as ECS shows it.
type Listing struct {
	ARN       string
	StartedBy string
	Lease     Lease
	// Foreign tasks carry the StackTag of another stack.
	Foreign bool
}

// Survey returns all tasks of the cluster that are not stopped or stopping, whoever started them. It goes on through
// throttling and outages within Fargate.StopTimeout.
func (t *Tasks) Survey(ctx context.Context) ([]Listing, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Config.StopTimeout.Duration)
	defer cancel()
	cluster := aws.String(t.Config.Cluster)
	arns, err := ecstasks.List(ctx, t.API, ecs.ListTasksInput{
		Cluster: cluster, DesiredStatus: types.DesiredStatusRunning,
	}, t.retrying(ctx))
	if err != nil {
		return nil, err
	}
	tasks, err := ecstasks.Describe(ctx, t.API, ecs.DescribeTasksInput{
		Cluster: cluster, Include: []types.TaskField{types.TaskFieldTags},
	}, arns, t.retrying(ctx))
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

// Stop stops one task and retries until ECS has confirmed it, within Fargate.StopTimeout. It returns false without an
// error for a task that was over already.
func (t *Tasks) Stop(ctx context.Context, arn, reason string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Config.StopTimeout.Duration)
	defer cancel()
	return t.stop(ctx, arn, time.Time{}, reason)
}

// retrying returns a Try that repeats a call until it succeeds, is denied, or ctx ends.
func (t *Tasks) retrying(ctx context.Context) ecstasks.Try {
	return func(action string, call func() error) error {
		pauses := t.polling()
		for {
			err := call()
			if err == nil {
				return nil
			}
			if definitelyNotStarted(err) || ctx.Err() != nil {
				return explain(action, err)
			}
			t.Log.Warn("a call failed, trying again", "action", action, "error", err)
			if sleep(ctx, pauses.NextBackOff()) != nil {
				return explain(action, err)
			}
		}
	}
}
