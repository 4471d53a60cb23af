package task

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"gitlab-fargate-runners/driver/internal/ecstasks"
	"gitlab-fargate-runners/driver/internal/sleep"
)

// Ref is what the caller remembers of a job's tasks. Any field may be empty.
type Ref struct {
	ARN       string
	StartedBy string
	// Place is where the tasks were started.
	Place Place
	// CalledUntil is when a call of RunTask was over at the latest; zero where the caller remembers no call.
	CalledUntil time.Time
}

// StopAll stops every task of the job. It repeats each stop until ECS confirms it, within Fargate.StopTimeout, and
// returns the ARNs of the tasks that it stopped. It succeeds where there is nothing to stop.
func (t *Tasks) StopAll(ctx context.Context, known Ref, reason string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Config.StopTimeout.Duration)
	defer cancel()
	arns, findErr := t.find(ctx, known)
	if known.ARN != "" && !slices.Contains(arns, known.ARN) {
		arns = append(arns, known.ARN)
	}
	if findErr != nil && known.ARN != "" {
		// A role without ecs:ListTasks can still stop the task whose ARN is in the state.
		t.Log.Warn("cannot look for further tasks of the job", "error", findErr)
		findErr = nil
	}
	errs := []error{findErr}
	var stopped []string
	for _, arn := range arns {
		did, err := t.stop(ctx, arn, reason)
		if did {
			stopped = append(stopped, arn)
		}
		errs = append(errs, err)
	}
	return stopped, errors.Join(errs...)
}

// find lists the job's tasks. Where the driver may have lost RunTask's answer, ECS may need a moment to show the task,
// so find repeats an empty list for the consistency window. It does so however long ago the call began: the call may
// have taken effect in its last try, just now. Only a call that was over before this window began needs no more looks.
func (t *Tasks) find(ctx context.Context, known Ref) ([]string, error) {
	until := time.Now()
	if known.CalledUntil.Before(until) {
		until = known.CalledUntil
	}
	until = until.Add(t.ConsistencyWindow)
	pauses := t.polling()
	for {
		arns, err := t.list(ctx, known)
		unanswered := known.ARN == "" && !known.CalledUntil.IsZero()
		switch {
		case err != nil && (!unanswered || context.Cause(ctx) != nil || isPermanent(err)):
			return nil, explain("ListTasks", err)
		case err == nil && (len(arns) > 0 || !unanswered || time.Now().After(until)):
			return arns, nil
		}
		if err != nil {
			t.Log.Warn("looking for the job's tasks failed, trying again", "error", err)
		}
		if sleepErr := sleep.For(ctx, pauses.NextBackOff()); sleepErr != nil {
			if err != nil {
				return nil, explain("ListTasks", err)
			}
			return nil, sleepErr
		}
	}
}

// list asks for tasks that are not to stop, which is what ECS lists where it is not told: a filter beside startedBy is
// against ECS's API.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
func (t *Tasks) list(ctx context.Context, known Ref) ([]string, error) {
	once := func(_ string, call func() error) error { return call() }
	return ecstasks.List(ctx, t.API, ecs.ListTasksInput{
		Cluster: t.cluster(known.Place), StartedBy: aws.String(known.StartedBy),
	}, once, known.Place.region)
}

// stop returns true where it stopped the task, and false where the task had stopped before.
func (t *Tasks) stop(ctx context.Context, arn, reason string) (bool, error) {
	pauses, place := t.polling(), placeOf(arn)
	var missing absence
	for {
		output, err := t.API.StopTask(ctx, &ecs.StopTaskInput{
			Cluster: t.cluster(place), Task: aws.String(arn), Reason: aws.String(reason),
		}, place.region)
		if err == nil {
			t.show(output.Task)
			return output.Task == nil || aws.ToString(output.Task.LastStatus) != "STOPPED", nil
		}
		if isPermanent(err) {
			return false, explain("StopTask", err)
		}
		t.Log.Warn("stopping the task failed, trying again", "task", ID(arn), "error", err)
		// A stopped task needs no stop, whatever StopTask answered. A task that ECS does not show for a moment does.
		switch task, describeErr := t.describe(ctx, arn); {
		case describeErr != nil:
		case task != nil && Stopping(task):
			return false, nil
		case missing.lasts(task == nil, t.ConsistencyWindow):
			return false, nil
		}
		if sleep.For(ctx, pauses.NextBackOff()) != nil {
			return false, explain("StopTask", err)
		}
	}
}
