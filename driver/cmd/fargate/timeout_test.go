package main

import "testing"

// An answer that does not come is asked for again, and the client token keeps the repeated RunTask from a second task.
func TestAnswersThatGetLost(t *testing.T) {
	w := newWorld(t)
	w.configure(`APITimeout = "200ms"`)
	w.ecs.Withhold = func(action string, call int) bool { return call == 1 }
	w.must(0, "prepare")
	if tasks := w.ecs.Tasks(); len(tasks) != 1 || w.ecs.Calls("RunTask") != 2 {
		t.Errorf("%d tasks after %d calls", len(tasks), w.ecs.Calls("RunTask"))
	}
	w.must(0, "cleanup")
	if w.ecs.Running() != 0 || w.ecs.Calls("StopTask") < 2 {
		t.Errorf("%d tasks are left after %d calls", w.ecs.Running(), w.ecs.Calls("StopTask"))
	}
}
