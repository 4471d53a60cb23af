package main

import (
	"errors"
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/metrics"
	"gitlab-fargate-runners/driver/internal/stage"
)

// count adds a finished call to the metrics, where the configuration asks for them. A failure to count never fails a
// job.
func count(driver *stage.Driver, name string, args []string, started time.Time, err error) {
	directory := driver.Config.Metrics.Directory
	if directory == "" {
		return
	}
	call := metrics.Call{Stage: name, Outcome: outcomeOf(err), Duration: time.Since(started)}
	if name == "run" {
		call.Stage = args[1]
	}
	if name == "prepare" && err == nil && !driver.Job.StartedAt.IsZero() {
		call.Ready = max(time.Since(driver.Job.StartedAt), time.Millisecond) // GitLab's clock may be ahead
	}
	if name != "run" {
		call.Capacity = driver.Tally.Capacity()
	}
	if err := metrics.Record(directory, call); err != nil {
		driver.Log.Warn("going on without metrics", "error", err)
	}
}

func outcomeOf(err error) string {
	var script *failure.Script
	var cause *failure.Failure
	switch {
	case err == nil:
		return "success"
	case errors.As(err, &script):
		return "script_failed"
	case errors.Is(err, stage.ErrCancelled):
		return "cancelled"
	case errors.As(err, &cause) && cause.Build:
		return "job_failed"
	}
	return "system_failure"
}
