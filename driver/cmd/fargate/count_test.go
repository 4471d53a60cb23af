package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/metrics"
	"gitlab-fargate-runners/driver/internal/stage"
)

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.append(fmt.Sprintf("[Metrics]\nDirectory = %q\n", w.dir))
	w.job(map[string]any{
		"id": 7, "token": "jobtok-7",
		"variables": []any{map[string]any{"key": "CI_JOB_STARTED_AT",
			"value": time.Now().Add(-25 * time.Second).UTC().Format(time.RFC3339)}},
	})
	w.must(0, "prepare")
	w.must(0, "run", w.script("true"), "get_sources")
	w.must(buildFailure, "run", w.script("exit 3"), "build_script")
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(stage.ErrCancelled)
	w.call(cancelled, "run", w.script("true"), "after_script")
	w.must(0, "cleanup")
	w.must(systemFailure, "run", w.script("true"), "build_script") // it has no task any more
	content, err := os.ReadFile(filepath.Join(w.dir, metrics.File))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`calls_total{stage="prepare",outcome="success"} 1`,
		`calls_total{stage="get_sources",outcome="success"} 1`,
		`calls_total{stage="build_script",outcome="script_failed"} 1`,
		`calls_total{stage="after_script",outcome="cancelled"} 1`,
		`calls_total{stage="cleanup",outcome="success"} 1`,
		`calls_total{stage="build_script",outcome="system_failure"} 1`,
		`ready_seconds_bucket{le="20"} 0`, "ready_seconds_count 1",
	} {
		if !strings.Contains(string(content), "fargate_driver_"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, content)
		}
	}
}

func TestJobRunsWithoutMetrics(t *testing.T) {
	w := newWorld(t)
	w.append(fmt.Sprintf("[Metrics]\nDirectory = %q\n", filepath.Join(w.dir, "none")))
	if got := w.must(0, "prepare"); !strings.Contains(got.stderr, "going on without metrics") {
		t.Errorf("stderr: %s", got.stderr)
	}
	w.must(0, "cleanup")
}
