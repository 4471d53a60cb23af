package task

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ServiceState is what ECS shows of the container of a service.
type ServiceState struct {
	// Running is true from its start on, Ended once it has ended.
	Running, Ended bool
	// End is how it has ended, as a part of a sentence; empty where ECS does not tell.
	End string
}

// WatchServices looks at the task again and again, and hands over the state of each of its first services, of which there
// are as many as count says. It returns the reason where the task or the container of the job's image ends, or a service
// cannot be started, and ctx's cause where ctx ends first.
func (t *Tasks) WatchServices(ctx context.Context, arn string, count int, look func([]ServiceState)) error {
	return t.Await(ctx, arn, func(task *types.Task) bool {
		look(serviceStates(task, count))
		return BuildEnded(task) || serviceRefused(task, anyContainer) != nil
	})
}

func serviceStates(task *types.Task, count int) []ServiceState {
	states := make([]ServiceState, count)
	for i := range states {
		if one := containerOf(task, ServiceContainer(i)); one != nil {
			status := aws.ToString(one.LastStatus)
			states[i] = ServiceState{Running: status == "RUNNING", Ended: status == "STOPPED"}
			if states[i].Ended {
				states[i].End = endOf(task, one)
			}
		}
	}
	return states
}

// endOf is how a service's container has ended.
func endOf(task *types.Task, container *types.Container) string {
	if strings.Contains(aws.ToString(container.Reason), "OutOfMemory") {
		return "ran out of memory" + withReason(container, limit(memoryOf(task, container)))
	}
	return "has ended" + withReason(container, "")
}

// serviceRefused explains why a service of the task, of those that are asked, never ran. A job whose service cannot be
// started fails, as with GitLab's Docker executor; one whose service ends later goes on.
func serviceRefused(task *types.Task, asked func(*types.Container) bool) error {
	for i := range task.Containers {
		if one := &task.Containers[i]; isService(one.Name) && asked(one) {
			if err := neverRan(task, one, "the service"); err != nil {
				return err
			}
		}
	}
	return nil
}

func anyContainer(*types.Container) bool { return true }

func hasReason(container *types.Container) bool { return aws.ToString(container.Reason) != "" }

// Services returns the states of the task's first services once, nil where ECS does not show them.
func (t *Tasks) Services(ctx context.Context, arn string, count int) []ServiceState {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	task, err := t.describe(ctx, arn)
	if err != nil || task == nil {
		t.Log.Debug("cannot look at the services", "error", err)
		return nil
	}
	return serviceStates(task, count)
}
