package task

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// StackTag is the tag by which the stacks that share a cluster tell their tasks apart.
const StackTag = "gitlab-fargate-runners:stack"

// describeAtOnce is as many tasks as DescribeTasks takes.
const describeAtOnce = 100

// Seen is a task of the cluster as ECS shows it.
type Seen struct {
	ARN       string
	StartedBy string
	Mark      Mark
	// Foreign tasks carry the StackTag of another stack.
	Foreign bool
}

// Survey returns all tasks of the cluster that are not stopped or stopping, whoever started them. It goes on through
// throttling and outages within Fargate.StopTimeout.
func (t *Tasks) Survey(ctx context.Context) ([]Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Config.StopTimeout.Duration)
	defer cancel()
	var arns []string
	list := ecs.ListTasksInput{Cluster: aws.String(t.Config.Cluster), DesiredStatus: types.DesiredStatusRunning}
	for more := true; more; more = list.NextToken != nil {
		err := t.persist(ctx, "ListTasks", func() error {
			output, err := t.API.ListTasks(ctx, &list)
			if err == nil {
				arns, list.NextToken = append(arns, output.TaskArns...), output.NextToken
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var all []Seen
	for chunk := range slices.Chunk(arns, describeAtOnce) {
		err := t.persist(ctx, "DescribeTasks", func() error {
			output, err := t.API.DescribeTasks(ctx, &ecs.DescribeTasksInput{
				Cluster: aws.String(t.Config.Cluster), Tasks: chunk, Include: []types.TaskField{types.TaskFieldTags},
			})
			if err != nil {
				return err
			}
			for i := range output.Tasks {
				if !Over(&output.Tasks[i]) {
					all = append(all, t.seen(&output.Tasks[i]))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (t *Tasks) seen(task *types.Task) Seen {
	seen := Seen{ARN: value(task.TaskArn), StartedBy: value(task.StartedBy), Mark: markOf(task)}
	own := t.Config.Tags[StackTag]
	for _, tag := range task.Tags {
		if value(tag.Key) == StackTag && own != "" && value(tag.Value) != own {
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

// persist repeats a call until it succeeds, is denied, or ctx ends. action is for messages.
func (t *Tasks) persist(ctx context.Context, action string, call func() error) error {
	pauses := t.polling()
	for {
		err := call()
		if err == nil {
			return nil
		}
		if certain(err) || ctx.Err() != nil {
			return explain(action, err)
		}
		t.Log.Warn("a call failed, trying again", "action", action, "error", err)
		if sleep(ctx, pauses.NextBackOff()) != nil {
			return explain(action, err)
		}
	}
}
