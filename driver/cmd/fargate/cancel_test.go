package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/sshtest"
)

// The runner sends SIGTERM to the driver when a job is cancelled or its time is over.
func TestTermEndsRun(t *testing.T) {
	for name, test := range map[string]struct {
		agent   bool
		started time.Time
		want    string
	}{
		"cancelled, under ci-agent": {true, time.Now(), ": cancelled by the runner (job cancelled or timed out)\n"},
		"cancelled, in a plain session": {false, time.Now(),
			": cancelled by the runner (job cancelled or timed out)\n"},
		"timed out, under ci-agent": {true, time.Now().Add(-time.Hour),
			"ERROR: the job's timeout of 1h0m0s is over"},
		"timed out, in a plain session": {false, time.Now().Add(-time.Hour),
			"ERROR: the job's timeout of 1h0m0s is over"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.agent {
				w.withAgent()
			}
			w.job(map[string]any{
				"id": 7, "token": "jobtok-7", "runner_info": map[string]any{"timeout": 3600},
				"variables": []any{map[string]any{"key": "CI_JOB_STARTED_AT",
					"value": test.started.UTC().Format(time.RFC3339)}},
			})
			w.must(0, "prepare")
			group, started := filepath.Join(w.dir, "group"), filepath.Join(w.dir, "started")
			script := "echo $$ >" + group + "; trap 'echo bye; exit 0' TERM; sleep 300 & touch " + started + "; wait"
			run := w.command("run", w.script(script), "build_script")
			var stdout, stderr bytes.Buffer
			run.Stdout, run.Stderr = &stdout, &stderr
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			w.awaitFile(started)
			if err := run.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			_ = run.Wait()
			// The shell may find that its sleep was ended, and say so, before it comes to its own signal.
			said := strings.TrimPrefix(stdout.String(), "Terminated\n")
			if code := run.ProcessState.ExitCode(); code != systemFailure || said != "bye\n" ||
				!strings.Contains(stderr.String(), test.want) {
				t.Errorf("exit code %d, %q, %s", code, stdout.String(), stderr.String())
			}
			id, err := os.ReadFile(group)
			if err != nil {
				t.Fatal(err)
			}
			if left := sshtest.AwaitNone(t, strings.TrimSpace(string(id))); len(left) > 0 {
				t.Errorf("processes of the script are left: %v", left)
			}
			// What comes next in a cancelled job.
			if got := w.must(0, "run", w.script("echo after"), "after_script"); got.stdout != "after\n" {
				t.Errorf("after_script: %q", got.stdout)
			}
			w.must(0, "cleanup")
		})
	}
}

func TestTermDoesNotEndCleanup(t *testing.T) {
	w := newWorld(t)
	w.configure("MaxJobs = 1")
	w.must(0, "prepare")
	signalled := make(chan struct{})
	w.ecs.Lock()
	w.ecs.Fail = func(action string, _ int) string {
		select {
		case <-signalled:
		default:
			if action == "StopTask" {
				return "ThrottlingException"
			}
		}
		return ""
	}
	w.ecs.Unlock()
	cleanup := w.command("cleanup")
	var stderr bytes.Buffer
	cleanup.Stderr = &stderr
	if err := cleanup.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); w.ecs.Calls("StopTask") == 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if err := cleanup.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	close(signalled)
	if err := cleanup.Wait(); err != nil || w.ecs.Running() != 0 || len(w.stateFiles()) != 0 || len(w.slots()) != 0 {
		t.Errorf("%v; left: %d tasks, files %v, slots %v: %s", err, w.ecs.Running(), w.stateFiles(), w.slots(),
			stderr.String())
	}
}

func TestStageAfterAFailedOne(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	w.must(0, "prepare")
	w.must(buildFailure, "run", w.script("exit 3"), "build_script")
	if got := w.must(0, "run", w.script("echo after"), "after_script"); got.stdout != "after\n" {
		t.Errorf("after_script: %q", got.stdout)
	}
	w.must(buildFailure, "run", w.script("exit 4"), "upload_artifacts_on_failure")
	if code, _ := os.ReadFile(w.env["BUILD_EXIT_CODE_FILE"]); string(code) != "4" {
		t.Errorf("BUILD_EXIT_CODE_FILE holds %q", code)
	}
	w.must(0, "cleanup")
}
