package task

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
)

// Definitions is the part of ECS that jobs with an image need; *ecs.Client has it.
type Definitions interface {
	DescribeTaskDefinition(
		context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options),
	) (*ecs.DescribeTaskDefinitionOutput, error)
	RegisterTaskDefinition(
		context.Context, *ecs.RegisterTaskDefinitionInput, ...func(*ecs.Options),
	) (*ecs.RegisterTaskDefinitionOutput, error)
}

// Define returns the ARN of the task definition for a job with an image. It derives that from the configured one and
// registers it where no host has done so before. Where two do so at once, they make two revisions of the same content,
// and either will do. Its error is ErrNotStarted, and ErrThrottled where the same call may be made again later.
func (t *Tasks) Define(ctx context.Context, add Derived) (arn string, err error) {
	described, err := t.describeBase(ctx)
	if err != nil {
		return "", undefined(ctx, "DescribeTaskDefinition", err)
	}
	add.Tags, add.Registries = t.Config.Tags, t.Config.Registries
	input, err := derive(described.TaskDefinition, described.Tags, add)
	if err != nil {
		return "", notStarted{err}
	}
	before, err := t.Definitions.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: input.Family})
	switch {
	case err == nil && before.TaskDefinition.Status == types.TaskDefinitionStatusActive:
		return aws.ToString(before.TaskDefinition.TaskDefinitionArn), nil
	case err != nil && !unknownDefinition(err):
		return "", undefined(ctx, "DescribeTaskDefinition", err)
	}
	registered, err := t.Definitions.RegisterTaskDefinition(ctx, input)
	if err != nil {
		return "", undefined(ctx, "RegisterTaskDefinition", err)
	}
	if arn = aws.ToString(registered.TaskDefinition.TaskDefinitionArn); arn == "" {
		return "", notStarted{failure.New("", "ECS answered RegisterTaskDefinition without an ARN")}
	}
	t.Log.Debug("registered a task definition", "arn", arn)
	return arn, nil
}

// undefined explains a call that failed, or says why it was not to go on.
func undefined(ctx context.Context, action string, err error) error {
	if ctx.Err() != nil {
		return notStarted{context.Cause(ctx)}
	}
	return notStarted{explain(action, err)}
}

// unknownDefinition tells whether ECS has refused DescribeTaskDefinition because there is no active revision.
func unknownDefinition(err error) bool {
	api, answered := answerOf(err)
	return answered && causeOf(api.ErrorCode(), api.ErrorMessage()).noDefinition
}
