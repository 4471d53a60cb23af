package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/metrics"
)

// A job that finds no spot capacity runs on demand; the next one runs on spot capacity until AWS takes it back.
func TestCapacityIsCounted(t *testing.T) {
	w := newWorld(t)
	w.spot("OnDemandFallback = true")
	w.append(fmt.Sprintf("[Metrics]\nDirectory = %q\n", w.dir))
	w.ecs.Pull = 21 * time.Second
	w.ecs.Refuse = func(input map[string]any) string {
		if strings.HasPrefix(asked(input), "FARGATE_SPOT [") {
			return unavailable
		}
		return ""
	}
	prepared := w.must(0, "prepare")
	for _, line := range []string{"Fargate task pending, pulling its image, ", ", of which it pulled its image for 21 s\n"} {
		if !strings.Contains(prepared.stdout, line) {
			t.Errorf("the log lacks %q:\n%s", line, prepared.stdout)
		}
	}
	w.must(0, "cleanup")

	w.ecs.Refuse = nil
	w.nextJob(8)
	w.must(0, "prepare")
	w.ecs.Lock()
	w.ecs.Script, w.ecs.StopCode, w.ecs.StopReason = []string{"STOPPED"}, "SpotInterruption", "Your Spot Task was interrupted."
	w.ecs.Unlock()
	w.sshd.Close()
	for _, stage := range []string{"build_script", "after_script"} {
		w.must(systemFailure, "run", w.script("true"), stage)
	}
	w.must(0, "cleanup")

	content, err := os.ReadFile(filepath.Join(w.dir, metrics.File))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`tasks_ready_total{capacity="FARGATE",fallback="true"} 1`, `tasks_ready_total{capacity="FARGATE_SPOT",fallback="false"} 1`,
		`no_capacity_total{capacity="FARGATE_SPOT",why="capacity"} 3`, `interruptions_total{capacity="FARGATE_SPOT"} 1`,
		`image_pull_seconds_sum{capacity="FARGATE"} 21`, `image_pull_seconds_count{capacity="FARGATE_SPOT"} 1`,
		`task_start_seconds_sum{capacity="FARGATE"} 22`, `task_start_seconds_count{capacity="FARGATE_SPOT"} 1`,
	} {
		if !strings.Contains(string(content), "fargate_driver_"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, content)
		}
	}
}
