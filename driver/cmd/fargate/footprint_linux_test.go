package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestFootprint measures the driver as it is installed, which no other test runs: its size, and the memory that it
// takes for itself while a script runs under ci-agent that has written some 40 MB. The program's own pages do not
// count: all drivers of a host share them, and the kernel can take them back.
func TestFootprint(t *testing.T) {
	const mostSize, mostMemory = 15 << 20, 8 // bytes, MiB
	w := newWorld(t)
	w.withAgent()
	binary := filepath.Join(w.dir, "fargate")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the driver: %v\n%s", err, output)
	}
	info, err := os.Stat(binary)
	if err != nil || info.Size() > mostSize {
		t.Errorf("the driver's size: %v, %v", info.Size(), err)
	}
	w.must(0, "prepare")
	measured := filepath.Join(w.dir, "measured")
	command := w.command("run", w.script("seq 5000000; echo measure; until [ -e "+measured+" ]; do sleep 0.1; done"),
		"build_script")
	command.Path = binary
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stdout)
	for log.Scan() {
		if log.Text() != "measure" {
			continue
		}
		memory := memoryOf(t, command.Process.Pid)
		// The driver gives memory back when a stage proves to be a long one.
		pid := command.Process.Pid
		for patience := time.Now().Add(time.Minute); (memory["RssAnon"] > mostMemory || niceness(t, pid) < 10) &&
			time.Now().Before(patience); {
			time.Sleep(50 * time.Millisecond)
			memory = memoryOf(t, command.Process.Pid)
		}
		t.Logf("binary %.1f MiB; resident %.1f MiB (own %.1f, file %.1f), peak %.1f MiB", float64(info.Size())/(1<<20),
			memory["VmRSS"], memory["RssAnon"], memory["RssFile"], memory["VmHWM"])
		if nice := niceness(t, pid); nice < 10 {
			t.Errorf("a running stage comes before the runner: niceness %d", nice)
		}
		if memory["RssAnon"] == 0 || memory["RssAnon"] > mostMemory {
			t.Errorf("a running stage takes %.1f MiB for itself", memory["RssAnon"])
		}
		w.write("measured", "")
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

// niceness is the lowest of all threads.
func niceness(t *testing.T, pid int) int {
	t.Helper()
	least := 19
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	for _, thread := range threads {
		content, _ := os.ReadFile(thread)
		_, fields, _ := strings.Cut(string(content), ") ")
		const nice = 16 // field 19 of proc_pid_stat(5), of which the state, field 3, is the first one here
		if all := strings.Fields(fields); len(all) > nice {
			number, _ := strconv.Atoi(all[nice])
			least = min(least, number)
		}
	}
	return least
}

// memoryOf returns the kernel's figures in MiB.
func memoryOf(t *testing.T, pid int) map[string]float64 {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	memory := map[string]float64{}
	for line := range strings.Lines(string(content)) {
		name, text, _ := strings.Cut(line, ":")
		if kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 64); err == nil {
			memory[name] = kib / 1024
		}
	}
	return memory
}
