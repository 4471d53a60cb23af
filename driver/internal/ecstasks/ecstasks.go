// Package ecstasks reads all tasks of an ECS cluster, page by page.
package ecstasks

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// DescribeAtOnce is the most tasks that one DescribeTasks takes.
const DescribeAtOnce = 100

// API is the part of ECS that this package calls; *ecs.Client has it.
type API interface {
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
}

// Try makes one call of an action, for example "ListTasks", and decides whether it makes a failed one again.
type Try func(action string, call func() error) error

// List returns the ARNs of all tasks that input asks for. Each call gets the options.
func List(
	ctx context.Context, api API, input ecs.ListTasksInput, try Try, options ...func(*ecs.Options),
) ([]string, error) {
	var arns []string
	for more := true; more; more = input.NextToken != nil {
		err := try("ListTasks", func() error {
			output, err := api.ListTasks(ctx, &input, options...)
			if err == nil {
				arns, input.NextToken = append(arns, output.TaskArns...), output.NextToken
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return arns, nil
}

// Describe returns the tasks of these ARNs. It leaves out the ones that ECS no longer knows. input names the cluster
// and the fields to include. Each call gets the options.
func Describe(
	ctx context.Context, api API, input ecs.DescribeTasksInput, arns []string, try Try, options ...func(*ecs.Options),
) ([]types.Task, error) {
	var tasks []types.Task
	for chunk := range slices.Chunk(arns, DescribeAtOnce) {
		input.Tasks = chunk
		err := try("DescribeTasks", func() error {
			output, err := api.DescribeTasks(ctx, &input, options...)
			if err == nil {
				tasks = append(tasks, output.Tasks...)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return tasks, nil
}
