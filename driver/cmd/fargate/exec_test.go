package main

import "testing"

func TestAShellInATaskIsPossibleOnlyWhereAllowed(t *testing.T) {
	for extra, want := range map[string]bool{"": false, "EnableExecuteCommand = true": true} {
		w := newWorld(t)
		w.configure(extra)
		w.must(0, "prepare")
		allowed, _ := w.ecs.Tasks()[0].Request["enableExecuteCommand"].(bool)
		if allowed != want {
			t.Errorf("%q: enableExecuteCommand is %v", extra, allowed)
		}
	}
}
