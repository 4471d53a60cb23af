package metrics

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const asCall = "METRICS_TEST_AS_CALL"

func TestMain(m *testing.M) {
	if directory := os.Getenv(asCall); directory != "" {
		for range 5 {
			if err := Record(directory, Call{Stage: "build_script", Outcome: "success",
				Duration: time.Second}); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func content(t *testing.T, directory string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, File))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRecord(t *testing.T) {
	directory := t.TempDir()
	for _, call := range []Call{
		{Stage: "prepare", Outcome: "success", Duration: 40 * time.Second, Ready: 50 * time.Second,
			Capacity: Capacity{Ready: "FARGATE", Refused: []Refused{{"FARGATE_SPOT", "capacity"}, {"FARGATE", "quota"}}}},
		{Stage: "prepare", Outcome: "system_failure", Duration: 2 * time.Second},
		{Stage: "prepare", Outcome: "success", Capacity: Capacity{Ready: "FARGATE", Refused: []Refused{{"FARGATE", "quota"}}}},
		{Stage: "cleanup", Outcome: "success", Capacity: Capacity{Ended: []Ended{
			{Capacity: "FARGATE", Start: 40 * time.Second, Pull: 25 * time.Second},
			{Capacity: "FARGATE_SPOT", Interrupted: true},
		}}},
		{Stage: "step_of_theirs", Outcome: "script_failed", Duration: time.Hour},
		{Stage: "another\"} 1", Outcome: "script_failed", Duration: 2 * time.Hour},
	} {
		if err := Record(directory, call); err != nil {
			t.Fatal(err)
		}
	}
	got := content(t, directory)
	for _, line := range []string{
		"# TYPE fargate_driver_calls_total counter",
		`fargate_driver_calls_total{stage="prepare",outcome="success"} 2`,
		`fargate_driver_calls_total{stage="prepare",outcome="system_failure"} 1`,
		`fargate_driver_calls_total{stage="other",outcome="script_failed"} 2`,
		"# TYPE fargate_driver_call_duration_seconds histogram",
		`fargate_driver_call_duration_seconds_bucket{stage="prepare",le="1"} 1`,
		`fargate_driver_call_duration_seconds_bucket{stage="prepare",le="5"} 2`,
		`fargate_driver_call_duration_seconds_bucket{stage="prepare",le="60"} 3`,
		`fargate_driver_call_duration_seconds_bucket{stage="prepare",le="+Inf"} 3`,
		`fargate_driver_call_duration_seconds_sum{stage="prepare"} 42`,
		`fargate_driver_call_duration_seconds_count{stage="prepare"} 3`,
		`fargate_driver_call_duration_seconds_bucket{stage="other",le="3600"} 1`,
		"# TYPE fargate_driver_ready_seconds histogram",
		`fargate_driver_ready_seconds_bucket{le="45"} 0`,
		`fargate_driver_ready_seconds_bucket{le="60"} 1`,
		"fargate_driver_ready_seconds_sum 50",
		"fargate_driver_ready_seconds_count 1",
		"# TYPE fargate_driver_tasks_ready_total counter",
		`fargate_driver_tasks_ready_total{capacity="FARGATE",fallback="true"} 1`,
		`fargate_driver_tasks_ready_total{capacity="FARGATE",fallback="false"} 1`,
		`fargate_driver_no_capacity_total{capacity="FARGATE_SPOT",why="capacity"} 1`,
		`fargate_driver_no_capacity_total{capacity="FARGATE",why="quota"} 2`,
		`fargate_driver_interruptions_total{capacity="FARGATE_SPOT"} 1`,
		"# TYPE fargate_driver_task_start_seconds histogram",
		`fargate_driver_task_start_seconds_sum{capacity="FARGATE"} 40`,
		`fargate_driver_task_start_seconds_count{capacity="FARGATE"} 1`,
		`fargate_driver_image_pull_seconds_bucket{capacity="FARGATE",le="20"} 0`,
		`fargate_driver_image_pull_seconds_bucket{capacity="FARGATE",le="30"} 1`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("%s is missing in\n%s", line, got)
		}
	}
}

func TestManyProcessesAtOnce(t *testing.T) {
	directory := t.TempDir()
	var calls []*exec.Cmd
	for range 20 {
		call := exec.Command(os.Args[0])
		call.Env = append(os.Environ(), asCall+"="+directory)
		if err := call.Start(); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, call)
	}
	for _, call := range calls {
		if err := call.Wait(); err != nil {
			t.Error(err)
		}
	}
	if got := content(t, directory); !strings.Contains(got,
		`fargate_driver_calls_total{stage="build_script",outcome="success"} 100`+"\n") {
		t.Error(got)
	}
}

func TestDirectoryThatIsNotThere(t *testing.T) {
	if err := Record(filepath.Join(t.TempDir(), "none"), Call{}); err == nil ||
		!strings.Contains(err.Error(), "Metrics.Directory") {
		t.Errorf("got %v", err)
	}
}

// A driver that is stopped while it counts keeps no other from ending its call.
func TestALockThatIsHeldIsNotWaitedForInVain(t *testing.T) {
	directory := t.TempDir()
	held, err := os.Create(filepath.Join(directory, "."+File+".lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		err := Record(directory, Call{Stage: "prepare", Outcome: "success"})
		if err == nil || !strings.Contains(err.Error(), "another driver holds") {
			t.Errorf("got %v", err)
		}
	})
	_ = held.Close()
	if err := Record(directory, Call{Stage: "prepare", Outcome: "success"}); err != nil {
		t.Error(err)
	}
}
