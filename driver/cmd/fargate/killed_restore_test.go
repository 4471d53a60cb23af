package main

import (
	"os"
	"testing"
)

// A driver that is killed while it brings ci-agent back harms neither the stages after it nor the clean-up.
func TestKilledWhileTheAgentComesBack(t *testing.T) {
	at := 1
	for ; ; at++ {
		w := newWorld(t)
		w.adapt = shortenConsistencyWindow
		w.withAgent()
		w.must(0, "prepare")
		if err := os.RemoveAll(w.agents()[0]); err != nil {
			t.Fatal(err)
		}
		ended := !w.killed(at, "run", w.script("echo hello"), "build_script")
		if got := w.must(0, "run", w.script("echo after"), "after_script"); got.stdout != "after\n" || len(w.agents()) == 0 {
			t.Errorf("killed at point %d: %q, folders %v", at, got.stdout, w.agents())
		}
		w.must(0, "cleanup")
		if w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
			t.Errorf("killed at point %d: %d tasks run, files %v", at, w.ecs.Running(), w.stateFiles())
		}
		if ended {
			break
		}
	}
	// At the least before the state is written, and when all is done.
	if at-1 < 2 {
		t.Errorf("%d points", at-1)
	}
}
