package task

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
)

// health tells whether a running task is ready, and what to call its status in the job's log.
//
// It asks for health only where the configuration says that there are checks: DescribeTasks calls a container without a
// check UNKNOWN, and one whose check has not ended yet too. Only DescribeTaskDefinition tells them apart, for which the
// runner's host needs no right otherwise.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html
func (t *Tasks) health(task *types.Task) (status string, ready bool, err error) {
	status = aws.ToString(task.LastStatus)
	if !t.Config.AwaitHealthy {
		return status, true, nil
	}
	switch task.HealthStatus {
	case types.HealthStatusHealthy:
		return status, true, nil
	case types.HealthStatusUnhealthy:
		return status, false, failure.New("Look at the log of the containers and at their health checks.",
			"the task %s runs, but ECS calls it unhealthy%s", ID(aws.ToString(task.TaskArn)), unhealthy(task))
	}
	return status + ", not healthy yet", false, nil
}

func unhealthy(task *types.Task) string {
	var names []string
	for _, container := range task.Containers {
		if container.HealthStatus == types.HealthStatusUnhealthy {
			names = append(names, aws.ToString(container.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}
