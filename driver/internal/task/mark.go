package task

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Mark says when a task has outlived its job. It is part of the container's environment, where the guard in the image
// reads it, and where every host finds it in the task's overrides: that needs no permission to tag, and unlike tags
// nobody can change it later.
type Mark struct {
	// Host has the job's state; see state.Store.Host.
	Host string
	// Deadline is when the job is over for certain, in whole seconds.
	Deadline time.Time
}

// The image's docker-entrypoint.sh reads the last two.
const (
	hostVariable         = "GUARD_HOST"
	deadlineVariable     = "GUARD_DEADLINE"      // seconds since 1970
	firstSessionVariable = "GUARD_FIRST_SESSION" // seconds from the container's start
)

func (m Mark) environment(firstSession time.Duration) []types.KeyValuePair {
	return []types.KeyValuePair{
		{Name: aws.String(hostVariable), Value: aws.String(m.Host)},
		{Name: aws.String(deadlineVariable), Value: aws.String(strconv.FormatInt(m.Deadline.Unix(), 10))},
		{Name: aws.String(firstSessionVariable), Value: aws.String(strconv.Itoa(int(firstSession.Seconds())))},
	}
}

// tags tell people what the mark tells the driver.
func (m Mark) tags() map[string]string {
	return map[string]string{"gitlab-runner-host": m.Host, "gitlab-deadline": m.Deadline.UTC().Format(time.RFC3339)}
}

// markOf returns an empty mark for a task that has none.
func markOf(task *types.Task) Mark {
	var mark Mark
	if task.Overrides == nil {
		return mark
	}
	for _, container := range task.Overrides.ContainerOverrides {
		if aws.ToString(container.Name) != Container {
			continue
		}
		for _, variable := range container.Environment {
			switch aws.ToString(variable.Name) {
			case hostVariable:
				mark.Host = aws.ToString(variable.Value)
			case deadlineVariable:
				if seconds, err := strconv.ParseInt(aws.ToString(variable.Value), 10, 64); err == nil && seconds > 0 {
					mark.Deadline = time.Unix(seconds, 0)
				}
			}
		}
	}
	return mark
}
