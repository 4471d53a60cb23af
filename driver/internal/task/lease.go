package task

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Lease says how long a task may live. It is part of the container's environment, where the guard in the image reads
// it, and every host finds it there in the task's overrides. This needs no permission to tag, and nobody can change it
// later as they can change tags.
//
// The deadline is the longest life of the task. Within it the guard lets the task live for as long as somebody uses it:
// each SSH session renews the lease, and nothing else has to. So a job's host needs no clock and writes no file in the
// task, and nothing that a job does to its own files ends it.
type Lease struct {
	// Host is the host that has the job's state; see state.Store.Host.
	Host string
	// Deadline is when the job is certainly over, in whole seconds.
	Deadline time.Time
}

// The driver sets these variables in the job's container. The image's docker-entrypoint.sh reads all but the first.
const (
	hostVariable         = "FARGATE_GUARD_HOST"
	deadlineVariable     = "FARGATE_GUARD_DEADLINE"      // seconds since 1970
	firstSessionVariable = "FARGATE_GUARD_FIRST_SESSION" // seconds from the container's start
	lastSessionVariable  = "FARGATE_GUARD_LAST_SESSION"  // seconds without a session, after the first one
)

// earlierName is the name of a variable in images and reapers of earlier versions. The driver sends both names: a job
// may choose a task definition with an earlier image by FARGATE_TASK_DEFINITION, and the guard in that image would know
// no limit otherwise.
func earlierName(variable string) string { return strings.TrimPrefix(variable, "FARGATE_") }

func (m Lease) environment(firstSession, lastSession time.Duration) []types.KeyValuePair {
	var pairs []types.KeyValuePair
	add := func(value string, names ...string) {
		for _, name := range names {
			pairs = append(pairs, types.KeyValuePair{Name: aws.String(name), Value: aws.String(value)})
		}
	}
	add(m.Host, hostVariable, earlierName(hostVariable))
	add(strconv.FormatInt(m.Deadline.Unix(), 10), deadlineVariable, earlierName(deadlineVariable))
	add(strconv.Itoa(int(firstSession.Seconds())), firstSessionVariable, earlierName(firstSessionVariable))
	add(strconv.Itoa(int(lastSession.Seconds())), lastSessionVariable)
	return pairs
}

// tags tell people what the lease tells the driver.
func (m Lease) tags() map[string]string {
	return map[string]string{"gitlab-runner-host": m.Host, "gitlab-deadline": m.Deadline.UTC().Format(time.RFC3339)}
}

// leaseOf returns an empty lease for a task that has none.
func leaseOf(task *types.Task) Lease {
	var lease Lease
	if task.Overrides == nil {
		return lease
	}
	for _, container := range task.Overrides.ContainerOverrides {
		if aws.ToString(container.Name) != Container {
			continue
		}
		variables := map[string]string{}
		for _, variable := range container.Environment {
			variables[aws.ToString(variable.Name)] = aws.ToString(variable.Value)
		}
		either := func(variable string) string { // an earlier driver's task has the earlier names only
			return cmp.Or(variables[variable], variables[earlierName(variable)])
		}
		lease.Host = either(hostVariable)
		if seconds, err := strconv.ParseInt(either(deadlineVariable), 10, 64); err == nil && seconds > 0 {
			lease.Deadline = time.Unix(seconds, 0)
		}
	}
	return lease
}
