// Package metrics counts the driver's calls in a file for node_exporter's textfile collector. Each call is a process of
// its own, so Prometheus cannot ask the driver itself.
// https://github.com/prometheus/node_exporter#textfile-collector
package metrics

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/atomicfile"
)

// File is the file's name in the configured directory.
const File = "fargate_driver.prom"

// Call is a call that has ended.
type Call struct {
	// Stage is prepare, cleanup, or the stage of a run.
	Stage string
	// Outcome is success, script_failed, job_failed, system_failure or cancelled.
	Outcome  string
	Duration time.Duration
	// Ready is the time from the job's start in GitLab until its task was ready; 0 in all other calls.
	Ready time.Duration
	// Capacity is empty in a run.
	Capacity Capacity
}

// stages get a label value of their own. A job can name its steps as it likes, and each name would become a series.
var stages = map[string]bool{
	"prepare": true, "cleanup": true, "prepare_script": true, "get_sources": true, "restore_cache": true,
	"download_artifacts": true, "build_script": true, "step_script": true, "after_script": true, "archive_cache": true,
	"archive_cache_on_failure": true, "upload_artifacts_on_success": true, "upload_artifacts_on_failure": true,
	"cleanup_file_variables": true,
}

// Bounds in seconds.
var (
	durations = []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600}
	readies   = []float64{1, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600}
)

// Record adds a call to the file. The directory must exist.
func Record(directory string, call Call) error {
	if err := record(directory, call); err != nil {
		return fmt.Errorf("counting the call (Metrics.Directory): %w", err)
	}
	return nil
}

func record(directory string, call Call) error {
	lock, err := os.OpenFile(filepath.Join(directory, "."+File+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := take(lock); err != nil {
		return err
	}
	all, err := read(filepath.Join(directory, File))
	if err != nil {
		return err
	}
	if !stages[call.Stage] {
		call.Stage = "other"
	}
	stage := fmt.Sprintf("stage=%q", call.Stage)
	all.add("fargate_driver_calls_total", stage+fmt.Sprintf(",outcome=%q", call.Outcome), 1)
	all.observe("fargate_driver_call_duration_seconds", stage, durations, call.Duration)
	if call.Ready > 0 {
		all.observe("fargate_driver_ready_seconds", "", readies, call.Ready)
	}
	all.addCapacity(call.Capacity)
	return all.write(directory)
}

// help describes the metrics, in the file's order.
var help = []struct{ name, kind, text string }{
	{"fargate_driver_calls_total", "counter", "Calls of the driver that have ended."},
	{"fargate_driver_call_duration_seconds", "histogram", "How long calls took."},
	{"fargate_driver_ready_seconds", "histogram", "From a job's start in GitLab until its task was ready."},
	{"fargate_driver_tasks_ready_total", "counter", "Tasks that jobs got; fallback: not on the job's first capacity."},
	{"fargate_driver_no_capacity_total", "counter", "Starts for which there was no capacity, or no quota left."},
	{"fargate_driver_interruptions_total", "counter", "Tasks whose capacity AWS took back."},
	{"fargate_driver_task_start_seconds", "histogram", "From RunTask until a task ran, as ECS says."},
	{"fargate_driver_image_pull_seconds", "histogram", "How long a task's images were pulled, as ECS says."},
}

func (s *series) write(directory string) error {
	var text strings.Builder
	for _, metric := range help {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s %s\n", metric.name, metric.text, metric.name, metric.kind)
		s.print(&text, metric.name)
	}
	path := filepath.Join(directory, File)
	// The caller holds the lock, so nobody else writes the file.
	if err := atomicfile.RemoveLeftovers(path); err != nil {
		return err
	}
	// The collector reads *.prom at any time, as another user. A power cut may reset the counters; Prometheus copes
	// with that.
	return atomicfile.Write(path, []byte(text.String()), 0o644, atomicfile.Process)
}

// Drivers hold the lock for moments, and the kernel releases it when its holder is killed. No job waits longer than this
// for one that is stopped or hangs on a disk. It is long enough for hundreds of calls that end together: whoever looks
// when the lock is free has it, in no order.
const (
	lockTimeout = 10 * time.Second
	lockPause   = 5 * time.Millisecond
)

func take(lock *os.File) error {
	for until := time.Now().Add(lockTimeout); ; time.Sleep(lockPause) {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EINTR) && !errors.Is(err, syscall.EWOULDBLOCK):
			return err
		case time.Now().After(until):
			return fmt.Errorf("another driver holds %s for more than %s", lock.Name(), lockTimeout)
		}
	}
}
