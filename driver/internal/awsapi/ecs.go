// Package awsapi creates the SDK's clients when they are first needed, and logs their calls.
package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// ECS creates its client at the first call. Most calls of the driver run a script and ask AWS nothing, and the SDK
// takes megabytes of memory once it is used.
type ECS struct {
	// Client returns the same client each time.
	Client func() (*ecs.Client, error)
}

// call makes one call of the client.
func call[In, Out any](e ECS, method func(*ecs.Client, context.Context, In, ...func(*ecs.Options)) (*Out, error),
	ctx context.Context, input In, options []func(*ecs.Options),
) (*Out, error) {
	client, err := e.Client()
	if err != nil {
		return nil, err
	}
	return method(client, ctx, input, options...)
}

// RunTask calls the client's method of that name.
func (e ECS) RunTask(
	ctx context.Context, input *ecs.RunTaskInput, options ...func(*ecs.Options),
) (*ecs.RunTaskOutput, error) {
	return call(e, (*ecs.Client).RunTask, ctx, input, options)
}

// DescribeTasks calls the client's method of that name.
func (e ECS) DescribeTasks(
	ctx context.Context, input *ecs.DescribeTasksInput, options ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	return call(e, (*ecs.Client).DescribeTasks, ctx, input, options)
}

// ListTasks calls the client's method of that name.
func (e ECS) ListTasks(
	ctx context.Context, input *ecs.ListTasksInput, options ...func(*ecs.Options),
) (*ecs.ListTasksOutput, error) {
	return call(e, (*ecs.Client).ListTasks, ctx, input, options)
}

// StopTask calls the client's method of that name.
func (e ECS) StopTask(
	ctx context.Context, input *ecs.StopTaskInput, options ...func(*ecs.Options),
) (*ecs.StopTaskOutput, error) {
	return call(e, (*ecs.Client).StopTask, ctx, input, options)
}

// DescribeTaskDefinition calls the client's method of that name.
func (e ECS) DescribeTaskDefinition(
	ctx context.Context, input *ecs.DescribeTaskDefinitionInput, options ...func(*ecs.Options),
) (*ecs.DescribeTaskDefinitionOutput, error) {
	return call(e, (*ecs.Client).DescribeTaskDefinition, ctx, input, options)
}

// RegisterTaskDefinition calls the client's method of that name.
func (e ECS) RegisterTaskDefinition(
	ctx context.Context, input *ecs.RegisterTaskDefinitionInput, options ...func(*ecs.Options),
) (*ecs.RegisterTaskDefinitionOutput, error) {
	return call(e, (*ecs.Client).RegisterTaskDefinition, ctx, input, options)
}
