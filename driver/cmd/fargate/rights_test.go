package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/stage"
)

const (
	deniedRunTask = "AccessDeniedException: User: host is not authorized to perform: ecs:RunTask on resource: ci"
	unknownRole   = "ClientException: ECS was unable to assume the role 'arn:aws:iam::1:role/exec' that was provided"
)

// refusedAtFirst lets RunTask fail so often, and calls after with the number of each refused call, locked.
func (w *world) refusedAtFirst(times int, answer string, after func(call int)) {
	w.ecs.Fail = func(action string, call int) string {
		if action != "RunTask" || call > times {
			return ""
		}
		after(call)
		return answer
	}
}

func TestRightsThatAreNotKnownEverywhereYet(t *testing.T) {
	for name, answer := range map[string]string{"of the host": deniedRunTask, "of a task's role": unknownRole} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deployed(0)
			w.refusedAtFirst(2, answer, func(int) {})
			got := w.must(0, "prepare")
			if w.ecs.Calls("RunTask") != 3 || len(w.ecs.Tasks()) != 1 ||
				strings.Count(got.stdout, "The host's configuration is new") != 1 {
				t.Errorf("%d calls, %d tasks:\n%s", w.ecs.Calls("RunTask"), len(w.ecs.Tasks()), got.stdout)
			}
			w.must(0, "cleanup")
			if w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
				t.Errorf("left: %d tasks, files %v", w.ecs.Running(), w.stateFiles())
			}
		})
	}
}

func TestRightsThatAreMissingForGood(t *testing.T) {
	for name, written := range map[string]time.Duration{"a minute ago": time.Minute, "long ago": time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deployed(written)
			w.refusedAtFirst(1, deniedRunTask, func(int) {})
			if w.must(systemFailure, "prepare"); w.ecs.Calls("RunTask") != 1 {
				t.Errorf("%d calls", w.ecs.Calls("RunTask"))
			}
		})
	}
}

func TestCancelledWhileRightsAreNotKnown(t *testing.T) {
	w := newWorld(t)
	w.deployed(0)
	ctx, cancel := context.WithCancelCause(t.Context())
	w.refusedAtFirst(1000, unknownRole, func(call int) {
		if call == 2 {
			cancel(stage.ErrCancelled)
		}
	})
	got := w.call(ctx, "prepare")
	if got.code == 0 || w.ecs.Calls("RunTask") != 2 || len(w.stateFiles()) != 0 {
		t.Errorf("exit %d after %d calls, files %v", got.code, w.ecs.Calls("RunTask"), w.stateFiles())
	}
}

// The first try started a task, whose ARN nobody got: another one in its place could leave it behind.
func TestRightsThatAreRefusedAfterALostAnswer(t *testing.T) {
	w := newWorld(t)
	w.configure(`APITimeout = "1s"`)
	w.deployed(0)
	w.adapt = shortenConsistencyWindow
	w.ecs.Withhold = func(action string, call int) bool { return action == "RunTask" && call == 1 }
	failingWhere("RunTask", deniedRunTask, func(call int) bool { return call > 1 })(w.ecs)
	if w.must(systemFailure, "prepare"); w.ecs.Calls("RunTask") != 2 || len(w.ecs.Tasks()) != 1 || w.ecs.Running() != 0 {
		t.Errorf("%d calls, %d of %d tasks run", w.ecs.Calls("RunTask"), w.ecs.Running(), len(w.ecs.Tasks()))
	}
}
