package task

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
)

// Stopped explains why a task has stopped, with the reasons of its containers, or why its job's image does not run.
func Stopped(task *types.Task) error {
	// A service with a reason of its own comes first: it also ends the container of the job's image, which depends on it.
	if err := serviceRefused(task, hasReason); err != nil {
		return err
	}
	if err := buildFailed(task); err != nil {
		return err
	}
	if err := serviceRefused(task, anyContainer); err != nil {
		return err
	}
	reason := reasons(task)
	found := causeOf(string(task.StopCode), reason)
	sentence := "the task %s stopped: %s"
	switch {
	case strings.Contains(reason, "OutOfMemory"):
		sentence = "the task %s ran out of memory" + limit(memoryLimit(task)) + ": %s"
	case task.StopCode == types.TaskStopCodeSpotInterruption:
		sentence = "AWS took back the spot capacity of the task %s: %s"
	}
	hint := hintFor(found, reason)
	switch {
	case hint != "":
	case killed(task):
		hint = "Exit code 137 is SIGKILL, most often for lack of memory" + limit(memoryLimit(task)) +
			": a larger task definition or FARGATE_MEMORY helps then."
	case task.StopCode == types.TaskStopCodeEssentialContainerExited:
		hint = "The container ended by itself, though its sshd was to run until the job's end: look at its log " +
			"(CloudWatch Logs, if the task definition sends it there)."
	case task.StopCode == types.TaskStopCodeUserInitiated:
		hint = "Somebody or another program stopped the task; CloudTrail knows who called StopTask."
	}
	return refusal{failure.New(hint, sentence, ID(aws.ToString(task.TaskArn)), reason), found}
}

func reasons(task *types.Task) string {
	reason := aws.ToString(task.StoppedReason)
	if reason == "" {
		reason = "no reason given"
	}
	if task.StopCode != "" {
		reason = string(task.StopCode) + ": " + reason
	}
	for _, container := range task.Containers {
		detail := aws.ToString(container.Reason)
		if container.ExitCode != nil {
			detail = join(fmt.Sprintf("exit code %d", *container.ExitCode), detail)
		}
		if detail != "" {
			reason += fmt.Sprintf("; container %s: %s", aws.ToString(container.Name), detail)
		}
	}
	return reason
}

// killed tells whether SIGKILL ended the job's container.
func killed(task *types.Task) bool {
	job := scriptContainer(task)
	return job != nil && job.ExitCode != nil && *job.ExitCode == 128+9
}

// memoryLimit returns the memory limit of the job's container in MiB: the container's own, or the task's; "" where ECS
// tells neither.
func memoryLimit(task *types.Task) string {
	return memoryOf(task, scriptContainer(task))
}

// memoryOf returns the memory limit of a container, which may be nil where ECS does not show it.
func memoryOf(task *types.Task, container *types.Container) string {
	if container != nil {
		if memory := aws.ToString(container.Memory); memory != "" && memory != "0" {
			return memory
		}
	}
	return aws.ToString(task.Memory)
}

func limit(memory string) string {
	if memory == "" {
		return ""
	}
	return " (its limit is " + memory + " MiB)"
}

// MemoryLimit looks up the memory limit of the job's container in MiB, and tells whether it is the container's own,
// which a larger task does not raise. It returns "" where ECS does not tell.
func (t *Tasks) MemoryLimit(ctx context.Context, arn string) (limit string, own bool) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	task, err := t.describe(ctx, arn)
	if err != nil || task == nil {
		t.Log.Debug("cannot look up the task's memory", "error", err)
		return "", false
	}
	limit = memoryLimit(task)
	return limit, limit != aws.ToString(task.Memory)
}
