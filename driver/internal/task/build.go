package task

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
)

// scriptContainer returns the container in which the job's script runs, nil where ECS does not show it.
func scriptContainer(task *types.Task) *types.Container {
	if build := containerOf(task, BuildContainer); build != nil {
		return build
	}
	return containerOf(task, Container)
}

func containerOf(task *types.Task, name string) *types.Container {
	for i := range task.Containers {
		if aws.ToString(task.Containers[i].Name) == name {
			return &task.Containers[i]
		}
	}
	return nil
}

// BuildEnded tells whether the container of the job's image has ended, or the whole task, or is about to. The task
// itself outlives that container.
func BuildEnded(task *types.Task) bool { return Ended(task) || buildStopped(task) }

func buildStopped(task *types.Task) bool {
	build := containerOf(task, BuildContainer)
	return build != nil && aws.ToString(build.LastStatus) == "STOPPED"
}

// passingSigns are signs of a pull or a start that failed for no fault of the job.
var passingSigns = []string{"toomanyrequests", "pull rate limit", "429 too many requests", "timeout", "timed out",
	"deadline exceeded", "connection re", "no such host", "temporary failure", "unexpected eof", "500 ", "502 ", "503 ",
	"504 ", "unable to retrieve ecr registry auth"}

// noShell are what a container's runtime says of an image without sh.
var noShell = []string{"executable file not found", "no such file or directory", "not found"}

// buildFailed explains why the job's image does not run, or no longer, where that is why the task is of no use. It
// returns nil where there is another reason. What comes of the image is the job's own failure.
func buildFailed(task *types.Task) error {
	build := containerOf(task, BuildContainer)
	if build == nil {
		return nil
	}
	if err := neverRan(task, build, "the job's image"); err != nil {
		return err
	}
	if Stopping(task) || !buildStopped(task) {
		return nil
	}
	found := causeOf("", aws.ToString(build.Reason))
	err := failure.New(endHint(build, found), "the container of the job's image %s has ended%s", aws.ToString(build.Image),
		withReason(build, limit(memoryLimit(task))))
	err.Build = true
	return refusal{err, found}
}

// neverRan explains why the container's image cannot be pulled or does not run. It returns nil where there is no such
// reason.
func neverRan(task *types.Task, container *types.Container, what string) error {
	image, reason := aws.ToString(container.Image), aws.ToString(container.Reason)
	others := slices.ContainsFunc(task.Containers, func(one types.Container) bool {
		return aws.ToString(one.Name) != aws.ToString(container.Name) && aws.ToString(one.Reason) != ""
	})
	if told := aws.ToString(task.StoppedReason); reason == "" && !others && strings.Contains(told, image) {
		reason = told // ECS may tell it of the task alone.
	}
	found := causeOf("", reason)
	has := func(signs ...string) bool {
		return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(strings.ToLower(reason), sign) })
	}
	var err *failure.Failure
	switch {
	case has("cannotpull"):
		err = failure.New("Check the image's name and tag, that it has the task's architecture, and that the task may "+
			"pull it.", "%s %s cannot be pulled: %s", what, image, reason)
		if err.Build = !has(passingSigns...); !err.Build {
			err.Hint = found.hint
		} else if right := allow(reason, "the task's execution role"); right != "" {
			err.Hint = right
		}
	case has("cannotstart", "cannotcreate", "containerruntime"):
		err = failure.New("", "%s %s does not run: %s", what, image, reason)
		err.Build = has(noShell...) || !has(passingSigns...)
		switch {
		case !err.Build:
			err.Hint = found.hint
		case !has(noShell...):
		case aws.ToString(container.Name) == BuildContainer:
			err.Hint = "The image has no shell (sh), which a job's script needs; or its entry point is not there."
		default:
			err.Hint = "The program that the service's entrypoint: or command: names is not in its image."
		}
	default:
		return nil
	}
	return refusal{err, found}
}

func endHint(build *types.Container, found cause) string {
	switch {
	case strings.Contains(aws.ToString(build.Reason), "OutOfMemory"):
		return found.hint
	case aws.ToInt32(build.ExitCode) == 128+9:
		return "Exit code 137 is SIGKILL, most often for lack of memory: a larger task definition or FARGATE_MEMORY helps " +
			"then."
	}
	return "A script that kills process 1 ends it, and so does an entry point that does not execute its arguments, as " +
		"`exec \"$@\"` does: `image:entrypoint: [\"\"]` leaves that out."
}

// withReason is what ECS tells of a container's end, in brackets.
func withReason(build *types.Container, limit string) string {
	told := aws.ToString(build.Reason)
	if build.ExitCode != nil {
		told = strings.TrimSuffix(fmt.Sprintf("exit code %d, %s", *build.ExitCode, told), ", ")
	}
	if strings.Contains(told, "OutOfMemory") {
		told += limit
	}
	if told == "" {
		return ""
	}
	return " (" + told + ")"
}
