package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestKilledScriptIsExplained(t *testing.T) {
	w := newWorld(t)
	w.ecs.Memory = "2048"
	w.must(0, "prepare")
	got := w.must(buildFailure, "run", w.script("bash -c 'kill -KILL $$'"), "build_script")
	if !strings.Contains(got.stderr, "Exit code 137: a process was killed (SIGKILL)") ||
		!strings.Contains(got.stderr,
			"may use 2048 MiB of memory. Hint: give the job more by a larger task definition.") {
		t.Errorf("stderr: %s", got.stderr)
	}
	if code, _ := os.ReadFile(w.env["BUILD_EXIT_CODE_FILE"]); string(code) != "137" {
		t.Errorf("BUILD_EXIT_CODE_FILE holds %q", code)
	}
	if got := w.must(buildFailure, "run", w.script("exit 136"), "build_script"); got.stderr != "" {
		t.Errorf("stderr of exit code 136: %s", got.stderr)
	}
}

// A container's own limit stays what it is in a larger task.
func TestKilledScriptIsToldWhatHelps(t *testing.T) {
	for own, way := range map[string]string{
		"": "may use 8192 MiB of memory. Hint: give the job more by FARGATE_MEMORY.",
		"2048": "may use 2048 MiB of memory. Hint: give the job more by the memory of container ci-coordinator in the task " +
			"definition, which FARGATE_MEMORY leaves as it is.",
	} {
		w := newWorld(t)
		w.configure("MaxMemory = 16384")
		w.ecs.Memory, w.ecs.ContainerMemory = "8192", own
		w.must(0, "prepare")
		if got := w.must(buildFailure, "run", w.script("exit 137"), "build_script"); !strings.Contains(got.stderr, way) {
			t.Errorf("own limit %q: %s", own, got.stderr)
		}
	}
}

func TestTimeoutIsToldFromCancel(t *testing.T) {
	for name, test := range map[string]struct {
		started time.Time
		want    string
	}{
		"timed out": {time.Now().Add(-time.Hour),
			"ERROR: the job's timeout of 1h0m0s is over: cancelled by the runner"},
		"cancelled": {time.Now().Add(-time.Minute), "ERROR: cancelled by the runner"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.job(map[string]any{
				"id": 7, "token": "jobtok-7", "runner_info": map[string]any{"timeout": 3600},
				"variables": []any{
					map[string]any{"key": "CI_JOB_STARTED_AT", "value": test.started.UTC().Format(time.RFC3339)},
					map[string]any{"key": "CI_JOB_STARTED_AT", "value": "1999-01-01T00:00:00Z"}, // the job's own
				},
			})
			w.ecs.Script = []string{"PENDING"}
			if got := w.call(w.cancelledAtLook(1), "prepare"); got.code != systemFailure ||
				!strings.Contains(got.stderr, test.want) {
				t.Errorf("exit code %d: %s", got.code, got.stderr)
			}
		})
	}
}
