package task

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/servicelog"
)

// logTimeout bounds the reading of logs, logDelay the wait for the first line of one.
const (
	logTimeout = 15 * time.Second
	logDelay   = 5 * time.Second
)

// ServiceLog is what a service has written last, or why that is not to be had.
type ServiceLog struct {
	servicelog.Lines
	Err error
}

// ServiceLogs returns for each of these services what it has written since.
func (t *Tasks) ServiceLogs(ctx context.Context, arn string, since map[int]servicelog.Mark) map[int]ServiceLog {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	definition, err := t.definitionOf(ctx, arn)
	logs := map[int]ServiceLog{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for index, later := range since {
		all.Go(func() {
			log := ServiceLog{Err: err}
			if err == nil {
				log.Lines, log.Err = t.serviceLog(ctx, arn, definition, index, later)
			}
			mu.Lock()
			defer mu.Unlock()
			logs[index] = log
		})
	}
	all.Wait()
	return logs
}

func (t *Tasks) serviceLog(
	ctx context.Context, arn string, definition *types.TaskDefinition, index int, since servicelog.Mark,
) (servicelog.Lines, error) {
	stream, err := serviceStream(definition, arn, index)
	if err != nil {
		return servicelog.Lines{}, err
	}
	return servicelog.Patiently(ctx, t.Logs, stream, since, logDelay)
}

// definitionOf returns the task definition of a task.
func (t *Tasks) definitionOf(ctx context.Context, arn string) (*types.TaskDefinition, error) {
	task, err := t.describe(ctx, arn)
	if err != nil {
		return nil, explain("DescribeTasks", err)
	}
	if task == nil {
		return nil, gone(arn)
	}
	described, err := t.Definitions.DescribeTaskDefinition(ctx,
		&ecs.DescribeTaskDefinitionInput{TaskDefinition: task.TaskDefinitionArn}, placeOf(arn).region)
	if err != nil {
		return nil, explain("DescribeTaskDefinition", err)
	}
	return described.TaskDefinition, nil
}

// serviceStream returns where ECS sends the output of the container of a service, as the task's definition says.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
func serviceStream(definition *types.TaskDefinition, arn string, index int) (servicelog.Stream, error) {
	name := ServiceContainer(index)
	for _, one := range definition.ContainerDefinitions {
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
