package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// After an error that is ECS's own there may be a task, so the driver looks for it.
func TestAnErrorOfECSItselfProvesNothing(t *testing.T) {
	w := newWorld(t)
	w.adapt = shortenConsistencyWindow
	failing("RunTask", "ServerException: Service Unavailable")(w.ecs)
	got := w.must(systemFailure, "prepare")
	if w.ecs.Calls("RunTask") != 2 || w.ecs.Calls("ListTasks") == 0 ||
		!strings.Contains(got.stderr, "ERROR: AWS refused ecs:RunTask (ServerException): Service Unavailable") {
		t.Errorf("%d RunTask, %d ListTasks\n%s", w.ecs.Calls("RunTask"), w.ecs.Calls("ListTasks"), got.stderr)
	}
}

// ECS lists tasks page by page, and a task that is stopped still runs for a while.
func TestReapOverPages(t *testing.T) {
	w := newWorld(t)
	w.ecs.PageSize = 2
	for id := range 5 {
		w.job(map[string]any{"id": id + 1, "token": fmt.Sprint("t", id)})
		w.must(0, "prepare")
	}
	w.loseHost()
	w.later(25 * time.Hour)
	lists := w.ecs.Calls("ListTasks")
	if got := w.reap(0); !strings.Contains(got.stdout, "5 tasks run in the cluster, 5 stopped") || w.ecs.Running() != 0 {
		t.Errorf("%d tasks run; %s", w.ecs.Running(), got.stdout)
	}
	if pages := w.ecs.Calls("ListTasks") - lists; pages != 3 {
		t.Errorf("%d pages were asked for", pages)
	}
	stops := w.ecs.Calls("StopTask")
	if got := w.reap(0); !strings.HasPrefix(got.stdout, "0 tasks run in the cluster") || w.ecs.Calls("StopTask") != stops {
		t.Errorf("%d calls of StopTask more; %s", w.ecs.Calls("StopTask")-stops, got.stdout)
	}
}
