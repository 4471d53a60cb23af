package main

import (
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/ecstest"
)

// Where AWS refuses every call for good, the log has the reason at once, and nobody looks for a task that cannot be.
func TestEveryCallIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		code, want string
	}{
		"no such cluster":     {"ClusterNotFoundException: Cluster not found.", "ERROR: the ECS cluster does not exist"},
		"expired credentials": {"ExpiredTokenException: The token is expired", "ERROR: AWS did not accept the host's"},
		"unknown credentials": {"UnrecognizedClientException: The token is invalid", "ERROR: AWS did not accept the host's"},
		"denied":              {"AccessDeniedException: no", "ERROR: AWS denied ecs:RunTask"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.ecs.Fail = func(string, int) string { return test.code }
			got := w.must(systemFailure, "prepare")
			if !strings.Contains(got.stderr, test.want) || w.ecs.Calls("RunTask") != 1 || w.ecs.Calls("ListTasks") != 0 {
				t.Errorf("%d RunTask, %d ListTasks\n%s", w.ecs.Calls("RunTask"), w.ecs.Calls("ListTasks"), got.stderr)
			}
			if w.must(systemFailure, "cleanup"); w.ecs.Calls("ListTasks") != 1 {
				t.Errorf("%d ListTasks of cleanup", w.ecs.Calls("ListTasks"))
			}
			if left := w.stateFiles(); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// An answer that says nothing of the first try is no proof that nothing was started.
func TestRefusedAfterATryWithoutAnAnswer(t *testing.T) {
	w := newWorld(t)
	w.adapt = shortenConsistencyWindow
	w.edit("APIAttempts = 2", "APIAttempts = 2\nAPITimeout = \"200ms\"")
	w.ecs.Withhold = func(action string, call int) bool { return action == "RunTask" && call == 1 }
	failingAt("RunTask", 2, "ExpiredTokenException: The token is expired")(w.ecs)
	w.must(systemFailure, "prepare")
	if len(w.ecs.Tasks()) != 1 || w.ecs.Running() != 0 {
		t.Errorf("%d of %d tasks run", w.ecs.Running(), len(w.ecs.Tasks()))
	}
}

// EC2's throttling behind ECS heals as ECS's own does.
func TestThrottledBehindECS(t *testing.T) {
	w := newWorld(t)
	failingAt("RunTask", 1, "InvalidParameterException: Error retrieving security group information for [sg-1]: "+
		"Request limit exceeded. (ErrorCode: RequestLimitExceeded)")(w.ecs)
	if w.must(0, "prepare"); w.ecs.Calls("RunTask") != 2 {
		t.Errorf("%d calls", w.ecs.Calls("RunTask"))
	}
}

// What the job has chosen fails the job, so that the runner does not try it three times.
func TestWishThatECSRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		variable, value, code string
		want                  int
	}{
		"a size": {"CPU", "4096", "ClientException: No Fargate configuration exists for given values.", buildFailure},
		"a task definition": {"TASK_DEFINITION", "typo", "ClientException: TaskDefinition not found.",
			buildFailure},
		"a platform version": {"PLATFORM_VERSION", "9.9.9", "PlatformUnknownException: The specified platform version " +
			"does not exist.", buildFailure},
		"nothing": {"OTHER", "1", "ClientException: TaskDefinition not found.", systemFailure},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure("MaxCPU = 4096")
			w.env["CUSTOM_ENV_FARGATE_"+test.variable] = test.value
			failing("RunTask", test.code)(w.ecs)
			got := w.must(test.want, "prepare")
			if !strings.Contains(got.stderr, "Hint: ") || w.ecs.Calls("RunTask") != 1 {
				t.Errorf("%d calls\n%s", w.ecs.Calls("RunTask"), got.stderr)
			}
		})
	}
}

// A database beside the job has to run before the job's first script, though the job's own sshd answers sooner.
func TestOtherContainersOfTheTask(t *testing.T) {
	w := newWorld(t)
	w.ecs.EarlyAddress = true
	w.ecs.Script = []string{"PENDING", "PENDING", "PENDING", "RUNNING"}
	w.ecs.Beside = []ecstest.Container{{Name: "postgres"}}
	w.must(0, "prepare")
	if status := w.ecs.Tasks()[0].Status; status != "RUNNING" {
		t.Errorf("ready while ECS says %s", status)
	}
}
