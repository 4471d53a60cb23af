package task

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/sleep"
)

// Progress is called after each look at the task.
type Progress func(status string, since time.Duration)

// AwaitRunning waits until the task runs, or until anybody listens at its address, and returns that address. It returns
// an error as soon as the task stops, and when Fargate.StartTimeout is over.
func (t *Tasks) AwaitRunning(ctx context.Context, arn string, progress Progress) (string, error) {
	started := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, t.Config.StartTimeout.Duration, errStartTimeout)
	defer cancel()
	pauses, status := t.polling(), "requested"
	var missing absence
	// unseen is why the last look at the task failed.
	var unseen error
	for {
		address := ""
		task, err := t.describe(ctx, arn, inOneTry)
		switch {
		case context.Cause(ctx) != nil:
			return "", t.gaveUp(ctx, status, unseen)
		case isPermanent(err):
			return "", explain("DescribeTasks", err)
		case err != nil:
			if !Throttled(err) {
				t.Log.Warn("looking at the task failed, trying again", "task", ID(arn), "error", err)
			}
			unseen = err
		case missing.lasts(task == nil, t.ConsistencyWindow):
			return "", gone(arn)
		case task != nil:
			unseen = nil
			status = aws.ToString(task.LastStatus)
			if Stopping(task) || buildStopped(task) {
				return "", Stopped(task)
			}
			if err := serviceRefused(task, anyContainer); err != nil {
				return "", err
			}
			if status == "RUNNING" {
				var ready bool
				if status, ready, err = t.health(task); err != nil {
					return "", err
				}
				if ready {
					address, err := t.address(ctx, task)
					if unseen = err; address != "" || err != nil && !passing(err) {
						return address, err
					}
				}
			} else if status = statusOf(task); t.Probe != nil && !t.Config.UsePublicIP && !t.Config.AwaitHealthy && othersRun(task) {
				address, _ = t.address(ctx, task)
			}
		}
		progress(strings.ToLower(status), time.Since(started))
		switch answered, err := t.awaitAnswer(ctx, address, restraint(address, err)*pauses.NextBackOff()); {
		case err != nil:
			return "", t.gaveUp(ctx, status, unseen)
		case answered:
			return address, nil
		}
	}
}

// inOneTry keeps the SDK from repeating a look: where ECS throttles, the look after the next pause is the repetition.
func inOneTry(o *ecs.Options) { o.RetryMaxAttempts = 1 }

// restraint is by how much to lengthen the pause before the next look. All jobs of an account and region share the looks
// that ECS grants, 20 a second, and calls that stop tasks need some of them. Where probes tell when the task answers,
// looks only tell why it does not.
func restraint(address string, failed error) time.Duration {
	if address != "" || failed != nil {
		return 3
	}
	return 1
}

// lookTimeout bounds a look at the task that only explains what is known already.
const lookTimeout = 10 * time.Second

var errStartTimeout = errors.New("the start took too long")

func (t *Tasks) gaveUp(ctx context.Context, status string, unseen error) error {
	if cause := context.Cause(ctx); !errors.Is(cause, errStartTimeout) {
		return cause
	}
	if unseen != nil {
		return explain("DescribeTasks", unseen)
	}
	return failure.New("Images of several GB start slowly on Fargate; Fargate.StartTimeout in fargate.toml can be "+
		"raised.",
		"the task was still %s after %s", strings.ToLower(status), t.Config.StartTimeout)
}

func passing(err error) bool {
	var known *failure.Failure
	return errors.As(err, &known) && known.Passing
}

// othersRun tells whether all containers run that are not the job's. ECS calls a task RUNNING only then; a sshd that
// answers says nothing of a database beside it, whose image may still be on its way. A job goes on without a service that
// has ended already.
func othersRun(task *types.Task) bool {
	for _, container := range task.Containers {
		status := aws.ToString(container.LastStatus)
		over := isService(container.Name) && status == "STOPPED"
		if aws.ToString(container.Name) != Container && status != "RUNNING" && !over {
			return false
		}
	}
	return true
}

// describe returns nil without an error where ECS does not know the task, not yet or no longer.
func (t *Tasks) describe(ctx context.Context, arn string, options ...func(*ecs.Options)) (*types.Task, error) {
	place := placeOf(arn)
	output, err := t.API.DescribeTasks(ctx,
		&ecs.DescribeTasksInput{Cluster: t.cluster(place), Tasks: []string{arn}}, append(options, place.region)...)
	if err != nil {
		return nil, err
	}
	if len(output.Tasks) == 0 {
		return nil, nil
	}
	t.show(&output.Tasks[0])
	return &output.Tasks[0], nil
}

// Check returns the reason where the task is over, or where ECS does not know it for longer than the consistency window,
// during which it looks again. It returns nil where the task lives or ECS gives no answer in time. over is Stopping or
// Ended.
func (t *Tasks) Check(ctx context.Context, arn string, over Over) error {
	ctx, cancel := context.WithTimeout(ctx, t.ConsistencyWindow+lookTimeout)
	defer cancel()
	pauses := t.polling()
	var missing absence
	for {
		task, err := t.describe(ctx, arn)
		switch {
		case err != nil:
			t.Log.Debug("cannot look at the task", "error", err)
			return nil
		case missing.lasts(task == nil, t.ConsistencyWindow):
			return gone(arn)
		case task != nil && over(task):
			return Stopped(task)
		case task != nil:
			return nil
		}
		if sleep.For(ctx, pauses.NextBackOff()) != nil {
			return nil
		}
	}
}

// Await waits until the task is over and returns the reason. It returns ctx's cause where ctx ends first.
func (t *Tasks) Await(ctx context.Context, arn string, over Over) error {
	pauses := t.polling()
	for {
		if err := sleep.For(ctx, pauses.NextBackOff()); err != nil {
			return err
		}
		if err := t.Check(ctx, arn, over); err != nil {
			return err
		}
	}
}

// Over tells of a task that ECS has shown whether it is over for whoever asks.
type Over func(*types.Task) bool

// Ended tells whether the task's containers have ended. Until then a task that is to stop may still have its job: ECS
// sends SIGTERM, and SIGKILL only after the container's stopTimeout.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
func Ended(task *types.Task) bool {
	switch aws.ToString(task.LastStatus) {
	case "DEPROVISIONING", "STOPPED", "DELETED":
		return true
	}
	return false
}

// Stopping tells whether the task has stopped or is about to.
func Stopping(task *types.Task) bool {
	return aws.ToString(task.DesiredStatus) == "STOPPED" || aws.ToString(task.LastStatus) == "STOPPED"
}

// ID is the last part of an ARN. The AWS console shows it.
func ID(arn string) string {
	return arn[strings.LastIndex(arn, "/")+1:]
}
