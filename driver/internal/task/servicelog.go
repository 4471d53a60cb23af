package task

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/servicelog"
)

// logTimeout bounds the reading of one log, logDelay the wait for its first line.
const (
	logTimeout = 15 * time.Second
	logDelay   = 5 * time.Second
)

// ServiceLog returns what a service has written last, and later than since, in milliseconds since 1970. Its error tells
// why that is not to be had.
func (t *Tasks) ServiceLog(ctx context.Context, arn string, index int, since int64) (servicelog.Lines, error) {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	stream, err := t.serviceStream(ctx, arn, index)
	if err != nil {
		return servicelog.Lines{}, err
	}
	return servicelog.Patiently(ctx, t.Logs, stream, since, logDelay)
}

// serviceStream returns where ECS sends the output of the container of a service, as the task's definition says.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
func (t *Tasks) serviceStream(ctx context.Context, arn string, index int) (servicelog.Stream, error) {
	task, err := t.describe(ctx, arn)
	if err != nil {
		return servicelog.Stream{}, explain("DescribeTasks", err)
	}
	if task == nil {
		return servicelog.Stream{}, gone(arn)
	}
	described, err := t.Definitions.DescribeTaskDefinition(ctx,
		&ecs.DescribeTaskDefinitionInput{TaskDefinition: task.TaskDefinitionArn}, placeOf(arn).region)
	if err != nil {
		return servicelog.Stream{}, explain("DescribeTaskDefinition", err)
	}
	name := ServiceContainer(index)
	for _, one := range described.TaskDefinition.ContainerDefinitions {
		if aws.ToString(one.Name) == name {
			return streamOf(one.LogConfiguration, name, arn)
		}
	}
	return servicelog.Stream{}, failure.New("", "the task has no container %s", name)
}

func streamOf(log *types.LogConfiguration, container, arn string) (servicelog.Stream, error) {
	if log == nil {
		return servicelog.Stream{}, failure.New("", "the task definition sends it nowhere")
	}
	prefix := log.Options["awslogs-stream-prefix"]
	switch {
	case log.LogDriver != types.LogDriverAwslogs:
		return servicelog.Stream{}, failure.New("", "the task definition sends it to %s, and not to CloudWatch Logs", log.LogDriver)
	case prefix == "" || log.Options["awslogs-group"] == "":
		return servicelog.Stream{}, failure.New("", "the task definition names no group or no prefix of its stream")
	}
	return servicelog.Stream{
		Region: cmp.Or(log.Options["awslogs-region"], placeOf(arn).Region), Group: log.Options["awslogs-group"],
		Name: fmt.Sprintf("%s/%s/%s", prefix, container, ID(arn)),
	}, nil
}
