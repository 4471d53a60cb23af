package task

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
)

func TestNamesOfServices(t *testing.T) {
	for name, want := range map[string]bool{
		ServiceContainer(0): true, ServiceContainer(8): true, "ci-service-10": true, "ci-service-proxy": false,
		"ci-service-0": false, "ci-service-01": false, "ci-service--1": false, "ci-service-+1": false, "ci-service-": false,
		"ci-service-1-proxy": false, "1": false, "": false,
	} {
		if isService(&name) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
}

// What becomes of the operator's own container is not the job's failure.
func TestAContainerWithANameLikeAServices(t *testing.T) {
	task := taskOf("RUNNING", "", -1, stopping("TaskFailedToStart", "Task failed to start"))
	task.Containers = append(task.Containers, types.Container{Name: aws.String("ci-service-proxy"), Image: aws.String("proxy:1"),
		Reason: aws.String("CannotPullContainerError: not found")})
	var told *failure.Failure
	if err := Stopped(task); !errors.As(err, &told) || told.Build || serviceRefused(task, anyContainer) != nil {
		t.Errorf("%v is the job's own failure", err)
	}
}

// Where a service cannot run, the container of the job's image does not either, which is not the image's fault.
func TestAServiceThatTheImageDependsOn(t *testing.T) {
	const never = "dependency ci-service-1 could not be started"
	const missing = "CannotPullContainerError: docker.io/library/redis:9: not found"
	for name, change := range map[string][]func(*types.Task){
		"while the task runs": nil, "in a task that stops": {stopping("TaskFailedToStart", missing)},
	} {
		for _, reason := range []string{never, "CannotStartContainerError: " + never} {
			task := taskOf("STOPPED", reason, -1, change...)
			task.Containers = append(task.Containers, types.Container{Name: aws.String(ServiceContainer(0)),
				Image: aws.String("redis:9"), LastStatus: aws.String("STOPPED"), Reason: aws.String(missing)})
			if got := Stopped(task).Error(); got != "the service redis:9 cannot be pulled: "+missing {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	task := taskOf("STOPPED", "", 7)
	task.Containers = append(task.Containers, types.Container{Name: aws.String(ServiceContainer(0)), Image: aws.String("redis:9"),
		LastStatus: aws.String("STOPPED"), Reason: aws.String("OutOfMemoryError: Container killed due to memory usage")})
	if got := Stopped(task).Error(); !strings.HasPrefix(got, "the container of the job's image node:24 has ended (exit code 7)") {
		t.Errorf("where the service did run: %s", got)
	}
}

// What a container's runtime could not do in time is not the image's fault; that the image lacks a program is.
func TestStartsThatFail(t *testing.T) {
	for reason, own := range map[string]bool{
		"ContainerRuntimeTimeoutError: Could not transition to started; timed out after waiting 3m0s": false,
		"CannotCreateContainerError: context deadline exceeded":                                       false,
		"CannotStartContainerError: permission denied":                                                true,
		`CannotStartContainerError: exec: "timeout": executable file not found in $PATH`:              true,
	} {
		image, service := taskOf("STOPPED", reason, -1), taskOf("RUNNING", "", -1)
		service.Containers = append(service.Containers, types.Container{Name: aws.String(ServiceContainer(0)),
			Image: aws.String("redis:9"), LastStatus: aws.String("STOPPED"), Reason: aws.String(reason)})
		for _, task := range []*types.Task{image, service} {
			var told *failure.Failure
			err := Stopped(task)
			if !errors.As(err, &told) || told.Build != own || !strings.HasSuffix(told.Sentence, " does not run: "+reason) {
				t.Errorf("%v: the job's own failure %t", err, told.Build)
			}
		}
	}
}
