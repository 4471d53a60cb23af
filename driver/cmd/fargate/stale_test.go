package main

import (
	"path/filepath"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/stage"
	"gitlab-fargate-runners/driver/internal/task"
)

// everySecond lets every second DescribeTasks and ListTasks answer from a copy that is behind.
func everySecond(_ string, call int) bool { return call%2 == 1 }

func TestJobOnAnEcsThatIsBehind(t *testing.T) {
	w := newWorld(t)
	w.ecs.Stale = everySecond
	w.must(0, "prepare")
	w.must(0, "run", w.script("true"), "build_script")
	// The list of a copy that is behind lacks the task; the state has its ARN.
	w.must(0, "cleanup")
	if tasks := w.ecs.Tasks(); len(tasks) != 1 || w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
		t.Errorf("%d tasks, %d run, files %v", len(tasks), w.ecs.Running(), w.stateFiles())
	}
	if w.reap(0); w.ecs.Calls("StopTask") != 1 {
		t.Errorf("%d calls of StopTask", w.ecs.Calls("StopTask"))
	}
}

// The connection breaks, and ECS does not show the task while the driver connects again: the job goes on.
func TestConnectionThatBreaksWhileEcsIsBehind(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	w.edit(`ConnectTimeout = "5s"`, "ConnectTimeout = \"30s\"\nDialTimeout = \"300ms\"")
	w.must(0, "prepare")
	looks := 0
	w.ecs.Lock()
	w.ecs.Stale = func(string, int) bool { // locked
		looks++
		if looks == 3 {
			w.sshd.Mute.Store(false)
		}
		return looks < 3
	}
	w.ecs.Unlock()
	started, done := filepath.Join(w.dir, "started"), filepath.Join(w.dir, "done")
	go func() {
		w.awaitFile(started)
		w.sshd.Mute.Store(true)
		w.sshd.Cut()
		w.write("done", "")
	}()
	w.must(0, "run", w.script("touch "+started+"; until [ -e "+done+" ]; do sleep 0.05; done"), "build_script")
	w.ecs.Lock()
	defer w.ecs.Unlock()
	if looks < 3 {
		t.Errorf("the driver looked at its task %d times only", looks)
	}
}

// RunTask's answers get lost, so that nobody knows the task's ARN, and ListTasks does not show it at first. The call
// took longer than the driver waits for ListTasks.
func TestCleanupOfAnUnansweredRunTaskOnAnEcsThatIsBehind(t *testing.T) {
	w := newWorld(t)
	w.configure(`APITimeout = "1s"`)
	w.adapt = func(driver *stage.Driver) {
		driver.Tasks.(*task.Tasks).ConsistencyWindow = 1500 * time.Millisecond
	}
	w.ecs.Withhold = func(action string, _ int) bool { return action == "RunTask" }
	w.ecs.Stale = func(action string, call int) bool { return action == "ListTasks" && call < 4 }
	w.must(systemFailure, "prepare")
	if tasks := w.ecs.Tasks(); len(tasks) != 1 || w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
		t.Errorf("%d tasks, %d run, files %v", len(tasks), w.ecs.Running(), w.stateFiles())
	}
}
