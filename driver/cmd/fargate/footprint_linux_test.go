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
		for patience := time.Now().Add(time.Minute); memory["RssAnon"] > mostMemory && time.Now().Before(patience); {
			time.Sleep(50 * time.Millisecond)
			memory = memoryOf(t, command.Process.Pid)
		}
		t.Logf("binary %.1f MiB; resident %.1f MiB (own %.1f, file %.1f), peak %.1f MiB", float64(info.Size())/(1<<20),
			memory["VmRSS"], memory["RssAnon"], memory["RssFile"], memory["VmHWM"])
		if memory["RssAnon"] == 0 || memory["RssAnon"] > mostMemory {
			t.Errorf("a running stage takes %.1f MiB for itself", memory["RssAnon"])
		}
		w.write("measured", "")
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
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
