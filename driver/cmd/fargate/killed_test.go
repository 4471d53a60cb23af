package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killed runs a call that is killed at a point, and returns false where it came to its end before.
func (w *world) killed(at int, args ...string) bool {
	w.t.Helper()
	command := w.command(args...)
	command.Env = append(command.Env, fmt.Sprintf("%s=%d", killAt, at), reachedFile+"="+w.reached())
	output, err := command.CombinedOutput()
	status, _ := command.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() && status.Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		w.t.Fatalf("%v, not killed at point %d: %v\n%s", args, at, err, output)
	}
	return false
}

func (w *world) reached() string { return w.dir + "/reached" }

func TestKilledAnywhere(t *testing.T) {
	noSpot := func(w *world) {
		w.spot("OnDemandFallback = true")
		w.ecs.Lock()
		defer w.ecs.Unlock()
		w.ecs.Refuse = func(input map[string]any) string {
			if strings.HasPrefix(asked(input), "FARGATE_SPOT") {
				return unavailable
			}
			return ""
		}
	}
	full := func(w *world) {
		w.edit(`CapacityTimeout = "1ns"`, `CapacityTimeout = "20ms"`)
		w.ecs.Lock()
		defer w.ecs.Unlock()
		calls := 0
		w.ecs.Refuse = func(map[string]any) string {
			if calls++; calls == 1 {
				return unavailable
			}
			return ""
		}
	}
	oneSlot := func(w *world) { w.configure("MaxJobs = 1") }
	script := []string{"run", "", "build_script"}
	calls := []struct {
		name string
		args []string
		// before runs what comes before the call in a job.
		before [][]string
		set    func(*world)
		// least is how many points there are at the least.
		least int
	}{
		{"prepare", []string{"prepare"}, nil, oneSlot, 9},
		{"prepare again", []string{"prepare"}, [][]string{{"prepare"}}, oneSlot, 15},
		{"prepare without spot capacity", []string{"prepare"}, nil, noSpot, 17},
		{"prepare in a full account", []string{"prepare"}, nil, full, 13},
		{"run", script, [][]string{{"prepare"}}, oneSlot, 1},
		{"cleanup", []string{"cleanup"}, [][]string{{"prepare"}}, oneSlot, 7},
	}
	afterwards := []struct {
		name string
		do   func(w *world, call string)
	}{
		{"the runner cleans up", func(w *world, call string) {
			if call == "cleanup" {
				// It is not called twice. What it did not come to write down is known once the job's time is over.
				w.reap(0)
				w.later(25 * time.Hour)
			} else {
				w.must(0, "cleanup")
			}
			w.reap(0)
			if w.reap(0); len(w.stateFiles()) != 0 {
				w.t.Errorf("files are left: %v", w.stateFiles())
			}
		}},
		{"the runner is gone, another takes over", func(w *world, _ string) {
			w.later(25 * time.Hour)
			w.reap(0)
		}},
		{"the host is lost", func(w *world, _ string) {
			w.loseHost()
			w.later(25 * time.Hour)
			w.reap(0)
		}},
	}
	total := 0
	for _, call := range calls {
		for _, after := range afterwards {
			t.Run(call.name+", "+after.name, func(t *testing.T) {
				at := 1
				for ; ; at++ {
					w := newWorld(t)
					w.adapt = shortenConsistencyWindow
					if call.args[0] == "run" {
						call.args[1] = w.script("echo hello")
					}
					if call.set != nil {
						call.set(w)
					}
					for _, args := range call.before {
						w.must(0, args...)
					}
					if !w.killed(at, call.args...) {
						break
					}
					after.do(w, call.args[0])
					if w.ecs.Running() != 0 {
						reached, _ := os.ReadFile(w.reached())
						t.Errorf("killed at point %d, %d tasks run; it came to\n%s", at, w.ecs.Running(), reached)
					}
					if slots := w.slots(); len(slots) != 0 {
						reached, _ := os.ReadFile(w.reached())
						t.Errorf("killed at point %d, slots %v are taken; it came to\n%s", at, slots, reached)
					}
					w.later(25 * time.Hour)
					w.reap(0)
					if waits, _ := filepath.Glob(filepath.Join(w.dir, "metadata", "waits", "*")); len(waits) != 0 {
						t.Errorf("killed at point %d, left: %v", at, waits)
					}
				}
				if total += at - 1; at-1 < call.least {
					t.Errorf("%d points, there are %d at the least", at-1, call.least)
				}
			})
		}
	}
	t.Logf("killed at %d points", total)
}

// TestRunTaskThatTakesEffectAfterCleanup is about a driver that is killed while its request is on the way.
func TestRunTaskThatTakesEffectAfterCleanup(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	request := w.ecs.Tasks()[0].Request
	w.must(0, "cleanup")
	w.ecs.AddRequested(request)
	if w.reap(0); w.ecs.Running() != 0 {
		t.Error("a task runs that nobody knows of")
	}
}

func TestReapWhenTheRunnerIsKilled(t *testing.T) {
	w := newWorld(t)
	// A shell of the runner's name is to the driver what the runner is.
	runner := filepath.Join(w.dir, "gitlab-runner")
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(shell)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(runner, content, 0o700); err != nil {
		t.Fatal(err)
	}
	prepare := w.command("prepare")
	command := exec.Command(runner,
		append([]string{"-c", `"$@" >&2; echo prepared; read forever`, "sh"}, prepare.Args...)...)
	command.Env, command.Stderr = prepare.Env, os.Stderr
	if _, err := command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Process.Kill() }()
	if _, err := fmt.Fscanln(stdout, new(string)); err != nil {
		t.Fatal(err)
	}
	if got := w.reap(0); w.ecs.Running() != 1 {
		t.Fatalf("the runner lives, and %d tasks run: %s", w.ecs.Running(), got.stdout)
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	if got := w.reap(0); w.ecs.Running() != 0 ||
		!strings.Contains(got.stdout, "the runner process of its job has ended") {
		t.Errorf("%d tasks run: %s", w.ecs.Running(), got.stdout)
	}
	w.later(6 * time.Minute)
	if w.reap(0); len(w.stateFiles()) != 0 {
		t.Errorf("left: %v", w.stateFiles())
	}
}
