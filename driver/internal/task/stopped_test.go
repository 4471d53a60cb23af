package task

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
)

func TestStopped(t *testing.T) {
	exited := func(code int32, reason, memory string) []types.Container {
		container := types.Container{Name: aws.String(Container), ExitCode: aws.Int32(code), Reason: aws.String(reason)}
		if memory != "" {
			container.Memory = aws.String(memory)
		}
		return []types.Container{{Name: aws.String("log"), Memory: aws.String("64")}, container}
	}
	tests := map[string]struct {
		task       types.Task
		want, hint string
		capacity   bool
	}{
		"out of the container's memory": {
			task: types.Task{StoppedReason: aws.String("Essential container in task exited"),
				Memory:     aws.String("2048"),
				Containers: exited(137, "OutOfMemoryError: Container killed due to memory usage", "512")},
			want: "the task 0123456789abcdef ran out of memory (its limit is 512 MiB): Essential container in task " +
				"exited; container ci-coordinator: exit code 137 (OutOfMemoryError: Container killed due to memory " +
				"usage)",
			hint: "Give the task more memory: a larger task definition, or FARGATE_MEMORY where the runner allows it.",
		},
		"spot": {
			task: types.Task{StopCode: types.TaskStopCodeSpotInterruption,
				StoppedReason: aws.String("Your Spot Task was interrupted.")},
			want: "AWS took back the spot capacity of the task 0123456789abcdef: SpotInterruption: Your Spot " +
				"Task was interrupted.",
			hint:     "AWS took the spot capacity back: `retry: {when: runner_system_failure}` runs the job again.",
			capacity: true,
		},
		"for maintenance": {
			task: types.Task{StopCode: types.TaskStopCodeTerminationNotice,
				StoppedReason: aws.String("ECS is performing maintenance on the underlying infrastructure hosting the task.")},
			want: "the task 0123456789abcdef stopped: TerminationNotice: ECS is performing maintenance on the underlying " +
				"infrastructure hosting the task.",
			hint: "AWS retired the machine under the task: `retry: {when: runner_system_failure}` runs the job again.",
		},
		"a secret that it may not read": {
			task: types.Task{StopCode: types.TaskStopCodeTaskFailedToStart,
				StoppedReason: aws.String("ResourceInitializationError: unable to pull secrets: User: " +
					"arn:aws:sts::1:assumed-role/exec/x is not authorized to perform: ssm:GetParameters on resource: " +
					"arn:aws:ssm:eu-central-1:1:parameter/p because no identity-based policy allows it")},
			want: "the task 0123456789abcdef stopped: TaskFailedToStart: ResourceInitializationError: unable to pull " +
				"secrets: User: arn:aws:sts::1:assumed-role/exec/x is not authorized to perform: ssm:GetParameters " +
				"on resource: arn:aws:ssm:eu-central-1:1:parameter/p because no identity-based policy allows it",
			hint: "Allow ssm:GetParameters on arn:aws:ssm:eu-central-1:1:parameter/p in the task's execution role.",
		},
		"no reason": {want: "the task 0123456789abcdef stopped: no reason given"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.task.TaskArn = aws.String(arn)
			err := Stopped(&test.task)
			var cause *failure.Failure
			if !errors.As(err, &cause) || err.Error() != test.want || cause.Hint != test.hint ||
				errors.Is(err, ErrNoCapacity) != test.capacity {
				t.Errorf("got %v\n%+v", err, cause)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	for text, want := range map[string]string{
		"User: arn:aws:sts::1:assumed-role/host/i-1 is not authorized to perform: iam:PassRole on resource: " +
			"arn:aws:iam::1:role/exec because no identity-based policy allows the iam:PassRole action": "Allow " +
			"iam:PassRole on arn:aws:iam::1:role/exec in R.",
		"User: x is not authorized to perform: ecs:RunTask": "Allow ecs:RunTask in R.",
		"no":                          "",
		"not authorized to perform: ": "",
	} {
		if got := allow(text, "R"); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
