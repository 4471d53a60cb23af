package stage

import (
	"gitlab-fargate-runners/driver/internal/console"
	"gitlab-fargate-runners/driver/internal/task"
)

// tellLinks gives the job's log the links that the configuration asks for. It does so as soon as there is a task, because
// people look for the task and its log when it does not start.
func (d *Driver) tellLinks(arn string) {
	links := d.Config.JobLinks
	if !links.Task && links.LogGroup == "" {
		return
	}
	place, known := console.PlaceOf(arn)
	if !known {
		d.Log.Debug("the address of this task in AWS's console is not known", "task", arn)
		return
	}
	if links.Task {
		d.printf("The task in AWS's console: %s", place.Task())
	}
	if links.LogGroup != "" {
		d.printf("The task's own log: %s", place.LogStream(links.LogGroup, links.LogStreamPrefix, task.Container))
	}
}
