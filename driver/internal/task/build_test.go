package task

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
)

// taskOf is a running task of a job with the image node:24, whose container ECS shows in this state.
func taskOf(status, reason string, exitCode int32, change ...func(*types.Task)) *types.Task {
	build := types.Container{Name: aws.String(BuildContainer), Image: aws.String("node:24"), LastStatus: aws.String(status)}
	if reason != "" {
		build.Reason = aws.String(reason)
	}
	if exitCode >= 0 {
		build.ExitCode = aws.Int32(exitCode)
	}
	task := &types.Task{
		TaskArn: aws.String("arn:aws:ecs:r:1:task/c/abc"), LastStatus: aws.String("RUNNING"),
		DesiredStatus: aws.String("RUNNING"), Memory: aws.String("2048"),
		Containers: []types.Container{
			{Name: aws.String(Container), LastStatus: aws.String("RUNNING"), Memory: aws.String("512")}, build,
		},
	}
	for _, f := range change {
		f(task)
	}
	return task
}

func stopping(code types.TaskStopCode, reason string) func(*types.Task) {
	return func(task *types.Task) {
		task.LastStatus, task.DesiredStatus = aws.String("STOPPED"), aws.String("STOPPED")
		task.StopCode, task.StoppedReason = code, aws.String(reason)
	}
}

// Texts are as AWS writes them, from its documentation and from public reports.
func TestEndOfAnImage(t *testing.T) {
	const missing = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " +
		"docker.io/library/node:24: docker.io/library/node:24: not found"
	const limited = "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed " +
		"open: unexpected status code 429 Too Many Requests - Server message: toomanyrequests: …"
	const denied = "CannotPullContainerError: failed to resolve ref 123456789012.dkr.ecr.eu-central-1.amazonaws.com/a:1: 403 " +
		"Forbidden - Server message: denied: User: arn:aws:sts::123456789012:assumed-role/execution/abc is not authorized to " +
		"perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/a because no " +
		"identity-based policy allows the ecr:BatchGetImage action"
	const slow = "CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 1.2.3.4:443: i/o timeout"
	const shell = `CannotStartContainerError: Error response: runc create failed: unable to start container process: exec: ` +
		`"sh": executable file not found in $PATH: unknown`
	for name, test := range map[string]struct {
		task       *types.Task
		want, hint string
		build      bool
	}{
		"an image that is missing": {taskOf("STOPPED", missing, -1), "the job's image node:24 cannot be pulled: " + missing,
			"Check the image's name and tag", true},
		"an image that the task may not pull": {taskOf("STOPPED", denied, -1),
			"the job's image node:24 cannot be pulled: " + denied,
			"Allow ecr:BatchGetImage on arn:aws:ecr:eu-central-1:123456789012:repository/a in the task's execution role", true},
		"which ends the task": {taskOf("STOPPED", missing, -1, stopping("TaskFailedToStart", missing)),
			"the job's image node:24 cannot be pulled: " + missing, "Check the image's name and tag", true},
		"which the task alone tells": {taskOf("STOPPED", "", -1, stopping("TaskFailedToStart", missing)),
			"the job's image node:24 cannot be pulled: " + missing, "Check the image's name and tag", true},
		"a registry that limits pulls": {taskOf("STOPPED", limited, -1), "the job's image node:24 cannot be pulled: " + limited,
			"The image's registry lets", false},
		"a registry that does not answer": {taskOf("STOPPED", slow, -1), "the job's image node:24 cannot be pulled: " + slow,
			"The task's image cannot be pulled", false},
		"an image without a shell": {taskOf("STOPPED", shell, -1), "the job's image node:24 does not run: " + shell,
			"The image has no shell (sh)", true},
		"an entry point that ends": {taskOf("STOPPED", "", 0), "the container of the job's image node:24 has ended (exit code 0)",
			"A script that kills process 1", true},
		"memory": {taskOf("STOPPED", "OutOfMemoryError: Container killed due to memory usage", 137),
			"the container of the job's image node:24 has ended (exit code 137, OutOfMemoryError: Container killed due to " +
				"memory usage (its limit is 2048 MiB))", "Give the task more memory", true},
		"a kill": {taskOf("STOPPED", "", 137), "the container of the job's image node:24 has ended (exit code 137)",
			"Exit code 137 is SIGKILL", true},
		"another image that is missing": {taskOf("STOPPED", "", -1, stopping("TaskFailedToStart",
			"CannotPullContainerError: failed to resolve ref ci:1: not found")),
			"the task abc stopped: TaskFailedToStart: CannotPullContainerError: failed to resolve ref ci:1: not found",
			"The task's image cannot be pulled", false},
		"a task that was stopped": {taskOf("STOPPED", "", 143, stopping("SpotInterruption", "Your Spot Task was interrupted.")),
			"AWS took back the spot capacity of the task abc: ", "AWS took the spot capacity back", false},
	} {
		err := Stopped(test.task)
		var told *failure.Failure
		if !errors.As(err, &told) || !strings.HasPrefix(err.Error(), test.want) || told.Build != test.build ||
			!strings.HasPrefix(told.Hint, test.hint) {
			t.Errorf("%s: %v (hint %q, the job's own: %t)", name, err, told.Hint, told.Build)
		}
		if !BuildEnded(test.task) {
			t.Errorf("%s: the image still runs", name)
		}
	}
	if BuildEnded(taskOf("RUNNING", "", -1)) || BuildEnded(&types.Task{LastStatus: aws.String("RUNNING")}) {
		t.Error("what runs has ended")
	}
}
