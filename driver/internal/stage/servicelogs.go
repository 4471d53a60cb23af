package stage

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/smithy-go"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/printable"
	"gitlab-fargate-runners/driver/internal/servicelog"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// warnOfService tells the job's log of a service that is not as it should be, with the end of the service's own log.
func (d *Driver) warnOfService(ctx context.Context, known *state.Task, index int, what, why string) {
	known.Services[index].Told = true
	d.printf("*** WARNING: Service %s %s: its container %s %s", known.Services[index].Image, what,
		task.ServiceContainer(index), printable.Of(why))
	d.tellServiceLog(known, index, d.readServiceLog(ctx, known, index))
}

// serviceLog is what a service has written since the last time, or why nobody knows.
type serviceLog struct {
	servicelog.Lines
	err error
}

func (d *Driver) readServiceLog(ctx context.Context, known *state.Task, index int) (log serviceLog) {
	log.Lines, log.err = d.Tasks.ServiceLog(ctx, known.ARN, index, known.Services[index].LoggedUntil)
	return log
}

// tellServiceLog tells the job's log what the service has written, or where that is.
func (d *Driver) tellServiceLog(known *state.Task, index int, log serviceLog) {
	service := &known.Services[index]
	switch {
	case log.err != nil:
		d.Log.Debug("cannot read a service's log", "image", service.Image, "error", log.err)
		d.printf("[service:%s] its log is not here, but in the task's log, in the stream …/%s/%s: %s", service.Name,
			task.ServiceContainer(index), task.ID(known.ARN), whyUnread(log.err))
	case len(log.Text) == 0 && service.LoggedUntil == 0:
		d.printf("[service:%s] has written nothing", service.Name)
	}
	service.LoggedUntil = max(service.LoggedUntil, log.Until)
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
	logs := make([]serviceLog, len(known.Services))
	var all sync.WaitGroup
	for index := range logs {
		all.Go(func() { logs[index] = d.readServiceLog(ctx, known, index) })
	}
	all.Wait()
	for index, log := range logs {
		d.tellServiceLog(known, index, log)
	}
}

// tellEndedServices tells the log of a job whose script has failed which of its services have ended meanwhile.
func (d *Driver) tellEndedServices(ctx context.Context, known *state.Task) {
	if len(known.Services) == 0 || ctx.Err() != nil {
		return
	}
	for index, now := range d.Tasks.Services(ctx, known.ARN, len(known.Services)) {
		if now.Ended && !known.Services[index].Told {
			d.warnOfService(ctx, known, index, "did not last", now.End)
			if err := d.Store.Save(d.Job.Key(), known); err != nil {
				d.Log.Warn("a later stage may tell of the service again", "error", err)
			}
		}
	}
}
