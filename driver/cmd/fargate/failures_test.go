package main

import (
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/ecstest"
)

func TestFailuresOfPrepare(t *testing.T) {
	tests := map[string]struct {
		set  func(*ecstest.Server)
		want []string
	}{
		"no capacity": {
			set: func(s *ecstest.Server) {
				s.Failures = []string{"Capacity is unavailable at this time. Please try again later"}
			},
			want: []string{"ERROR: ECS started no task: Capacity is unavailable", "Hint: Fargate has no capacity"},
		},
		"no address": {
			set:  func(s *ecstest.Server) { s.Failures = []string{"RESOURCE:ENI"} },
			want: []string{"RESOURCE:ENI", "Hint: The cluster lacks this resource; in a subnet without free addresses"},
		},
		"denied": {
			set: func(s *ecstest.Server) {
				s.Fail = func(action string, _ int) string {
					if action == "RunTask" {
						return "AccessDeniedException"
					}
					return ""
				}
			},
			want: []string{"ERROR: AWS denied ecs:RunTask", "iam:PassRole"},
		},
		"image pull failed": {
			set: func(s *ecstest.Server) {
				s.Script = []string{"PENDING", "STOPPED"}
				s.StopCode, s.StopReason = "TaskFailedToStart", "CannotPullContainerError: manifest unknown"
			},
			want: []string{"stopped: TaskFailedToStart: CannotPullContainerError: manifest unknown", "Hint: The task's image cannot be pulled"},
		},
		"stopped while sshd is waited for": {
			set: func(s *ecstest.Server) {
				s.Address = "127.0.0.99" // nobody listens
				s.Script = []string{"RUNNING", "RUNNING", "RUNNING", "STOPPED"}
				s.StopCode, s.StopReason = "EssentialContainerExited", "Essential container in task exited"
			},
			want: []string{"ERROR: the task 00000000000000000000000000000001 stopped: EssentialContainerExited: Essential container in task exited"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test.set(w.ecs)
			got := w.must(systemFailure, "prepare")
			for _, want := range test.want {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("stderr lacks %q:\n%s", want, got.stderr)
				}
			}
			if w.ecs.Running() != 0 {
				t.Error("a task is left")
			}
		})
	}
}

func TestTaskThatEndsDuringAScript(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.ecs.Lock()
	w.ecs.Script = []string{"STOPPED"}
	w.ecs.StopCode, w.ecs.StopReason = "SpotInterruption", "Your Spot Task was interrupted."
	w.ecs.Unlock()
	time.AfterFunc(300*time.Millisecond, w.sshd.Cut)
	got := w.must(systemFailure, "run", w.script("sleep 3"), "build_script")
	if !strings.Contains(got.stderr, "SpotInterruption") || !strings.Contains(got.stderr, "runner_system_failure") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

// A stage after the task's end does not wait for an sshd that is gone: nine minutes of ConnectTimeout would be noticed.
func TestTaskThatEndsBetweenScripts(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.edit(`ConnectTimeout = "5s"`, `ConnectTimeout = "9m"`)
	w.ecs.Lock()
	w.ecs.Script = []string{"STOPPED"}
	w.ecs.StopCode, w.ecs.StopReason = "SpotInterruption", "Your Spot Task was interrupted."
	w.ecs.Unlock()
	w.sshd.Close()
	got := w.must(systemFailure, "run", w.script("true"), "after_script")
	if !strings.Contains(got.stderr, "SpotInterruption") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

func TestSystemFailures(t *testing.T) {
	w := newWorld(t)
	got := w.must(systemFailure, "run", w.script("true"), "build_script")
	if !strings.Contains(got.stderr, "ERROR: the job has no task") {
		t.Errorf("run without prepare: %s", got.stderr)
	}
	w.write("fargate.toml", "[Fargate]\nClustr = \"a\"\n")
	for _, call := range [][]string{{"config"}, {"prepare"}, {"run", "x", "y"}, {"cleanup"}} {
		got := w.must(systemFailure, call...)
		if !strings.Contains(got.stderr, "fargate.toml:2: unknown key Fargate.Clustr") {
			t.Errorf("%v: %s", call, got.stderr)
		}
	}
	w.must(systemFailure, "no-such-call")
	w.must(systemFailure, "run", "only-one-argument")
}
