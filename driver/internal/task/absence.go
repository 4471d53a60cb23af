package task

import (
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
)

// absence is for how long ECS has not known a task. ECS answers from copies of which some are seconds behind, so a task
// may be unknown in one answer, even after another has shown it.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
type absence struct{ since time.Time }

// lasts takes in whether ECS has just not known the task, and tells whether it has not for longer than the window.
func (a *absence) lasts(unknown bool, window time.Duration) bool {
	switch {
	case !unknown:
		a.since = time.Time{}
	case a.since.IsZero():
		a.since = time.Now()
	}
	return unknown && time.Since(a.since) > window
}

func gone(arn string) error {
	return failure.New("", "ECS does not know the task %s any more", ID(arn))
}
