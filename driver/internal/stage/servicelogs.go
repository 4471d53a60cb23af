package stage

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/aws/smithy-go"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/printable"
	"gitlab-fargate-runners/driver/internal/servicelog"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// warnOfServices tells the job's log of services that are not as they should be, by index, and why each is not, with the
// end of the service's own log. A job that is cancelled meanwhile has not been told.
func (d *Driver) warnOfServices(ctx context.Context, known *state.Task, what string, why map[int]string) {
	indexes := slices.Sorted(maps.Keys(why))
	logs := d.readServiceLogs(ctx, known, indexes)
	if ctx.Err() != nil {
		return
	}
	for _, index := range indexes {
		known.Services[index].Told = true
		d.printf("*** WARNING: Service %s %s: its container %s %s", known.Services[index].Image, what,
			task.ServiceContainer(index), printable.Of(why[index]))
		d.tellServiceLog(known, index, logs[index])
	}
}

// readServiceLogs reads what each of the services has written since the last time.
func (d *Driver) readServiceLogs(ctx context.Context, known *state.Task, indexes []int) map[int]task.ServiceLog {
	if len(indexes) == 0 {
		return nil
	}
	since := map[int]servicelog.Mark{}
	for _, index := range indexes {
		service := known.Services[index]
		since[index] = servicelog.Mark{At: service.LoggedUntil, Events: service.LoggedThen}
	}
	return d.Tasks.ServiceLogs(ctx, known.ARN, since)
}

// tellServiceLog tells the job's log what the service has written, or where that is.
func (d *Driver) tellServiceLog(known *state.Task, index int, log task.ServiceLog) {
	service := &known.Services[index]
	switch {
	case log.Err != nil:
		d.Log.Debug("cannot read a service's log", "image", service.Image, "error", log.Err)
		d.printf("[service:%s] its log is not here, but in the task's log, in the stream …/%s/%s: %s", service.Name,
			task.ServiceContainer(index), task.ID(known.ARN), whyUnread(log.Err))
	case len(log.Text) == 0 && service.LoggedUntil == 0:
		d.printf("[service:%s] has written nothing", service.Name)
	}
	if log.Err == nil {
		service.LoggedUntil, service.LoggedThen = log.Until.At, log.Until.Events
	}
	for _, line := range log.Text {
		d.printf("[service:%s] %s", service.Name, line)
	}
}

// whyUnread names no resource of the account: the logs of public projects are public.
func whyUnread(err error) string {
	var told *failure.Failure
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return "CloudWatch Logs refused logs:GetLogEvents (" + api.ErrorCode() + ")"
	case errors.As(err, &told):
		return printable.Of(told.Sentence)
	}
	return "CloudWatch Logs gave no answer"
}

// tellServiceLogs tells the job's log what its services have written, where the job wants to see it.
func (d *Driver) tellServiceLogs(ctx context.Context, known *state.Task) {
	if !d.Job.DebugServices {
		return
	}
	var all []int
	for index := range known.Services {
		all = append(all, index)
	}
	logs := d.readServiceLogs(ctx, known, all)
	if ctx.Err() != nil {
		return
	}
	for _, index := range all {
		d.tellServiceLog(known, index, logs[index])
	}
}

// tellEndedServices tells the log of a job whose script has failed which of its services have ended meanwhile.
func (d *Driver) tellEndedServices(ctx context.Context, known *state.Task) {
	if len(known.Services) == 0 || ctx.Err() != nil {
		return
	}
	ended := map[int]string{}
	for index, now := range d.Tasks.Services(ctx, known.ARN, len(known.Services)) {
		if now.Ended && !known.Services[index].Told {
			ended[index] = now.End
		}
	}
	if len(ended) == 0 {
		return
	}
	d.warnOfServices(ctx, known, "did not last", ended)
	if err := d.Store.Save(d.Job.Key(), known); err != nil {
		d.Log.Warn("a later stage may tell of the service again", "error", err)
	}
}
