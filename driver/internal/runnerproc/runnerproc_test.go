package runnerproc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// fakeProc is a made-up /proc: processes by id, as stat's text.
func fakeProc(t *testing.T, boot, namespace string, processes map[int]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"sys/kernel/random", "self/ns"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "sys/kernel/random/boot_id"), []byte(boot+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(namespace, filepath.Join(dir, "self/ns/pid")); err != nil {
		t.Fatal(err)
	}
	for pid, text := range processes {
		process := filepath.Join(dir, fmt.Sprint(pid))
		if err := os.Mkdir(process, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(process, "stat"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func line(pid int, name, state string, parent int, start string) string {
	return fmt.Sprintf("%d (%s) %s %d 1 1 0 -1 4194560 1 1 0 0 0 0 0 0 20 0 1 0 %s 1 1\n", pid, name, state, parent,
		start)
}

func TestFind(t *testing.T) {
	proc := fakeProc(t, "boot-1", "pid:[1]", map[int]string{
		1: line(1, "systemd", "S", 0, "1"), 10: line(10, "gitlab-runner", "S", 1, "500"),
		20: line(20, "wrapper) (x.sh", "S", 10, "900"), 30: line(30, "bash", "S", 1, "7"), 40: "40 broken",
	})
	want := Process{Boot: "boot-1", PIDNamespace: "pid:[1]", PID: 10, Start: "500"}
	for _, pid := range []int{10, 20} {
		if got := find(proc, pid); got == nil || *got != want {
			t.Errorf("from %d: got %+v, want %+v", pid, got, want)
		}
	}
	for _, pid := range []int{0, 30, 40, 99} {
		if got := find(proc, pid); got != nil {
			t.Errorf("from %d: got %+v, want none", pid, got)
		}
	}
}

func TestEnded(t *testing.T) {
	process := &Process{Boot: "boot-1", PIDNamespace: "pid:[1]", PID: 10, Start: "500"}
	tests := map[string]struct {
		boot, namespace string
		processes       map[int]string
		want            bool
	}{
		"runs": {"boot-1", "pid:[1]", map[int]string{10: line(10, "gitlab-runner", "S", 1, "500")},
			false},
		"gone": {"boot-1", "pid:[1]", nil, true},
		"its id was given on": {"boot-1", "pid:[1]", map[int]string{10: line(10, "gitlab-runner", "S", 1, "501")},
			true},
		"a zombie": {"boot-1", "pid:[1]", map[int]string{10: line(10, "gitlab-runner", "Z", 1, "500")},
			true},
		"the host has booted": {"boot-2", "pid:[1]", map[int]string{10: line(10, "gitlab-runner", "S", 1, "500")},
			true},
		"seen from elsewhere":      {"boot-1", "pid:[2]", nil, false},
		"what is told is no sense": {"boot-1", "pid:[1]", map[int]string{10: "nonsense"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := process.ended(fakeProc(t, test.boot, test.namespace, test.processes)); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
	if (*Process)(nil).Ended() || process.ended(t.TempDir()) {
		t.Error("what is not known has not ended")
	}
}

func TestARealProcess(t *testing.T) {
	runner := filepath.Join(t.TempDir(), name)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(runner, content, 0o755); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(runner, "100")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	process := find("/proc", command.Process.Pid)
	if process == nil || process.PID != command.Process.Pid || process.Ended() {
		t.Errorf("while it runs: %+v", process)
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	if process != nil && !process.Ended() {
		t.Error("it has ended")
	}
}
