package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Where the agent cannot work, the job's log says so once, and the job runs all the same.
func TestWithoutAgent(t *testing.T) {
	tests := map[string]struct {
		set  func(*world)
		want string
	}{
		"the host has none": {
			set:  func(w *world) { _ = os.Remove(filepath.Join(w.dir, "ci-agent")) },
			want: "neither the image nor the runner's host (",
		},
		"for another machine": {
			set:  func(w *world) { w.write("ci-agent", "\x7fELF\x02\x01\x01 of another architecture") },
			want: "ci-agent does not work in the task: ",
		},
		"of another version": {
			set:  func(w *world) { w.write("ci-agent", "#!/bin/sh\necho ci-agent/999\n") },
			want: "ci-agent does not work in the task: ci-agent/999",
		},
		"a read-only task": {
			set:  func(w *world) { _ = os.RemoveAll(w.home) },
			want: "the task has no folder in which a program can be put and executed",
		},
		"a task whose folders take no programs": {
			set: func(w *world) { // as by the mount option noexec
				_ = os.Chmod(w.write("bin/chmod", "#!/bin/sh\n"), 0o755)
			},
			want: "the task has no folder in which a program can be put and executed",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withAgent()
			test.set(w)
			prepared := w.must(0, "prepare")
			const line = "A lost connection will end the job, as its stages run without ci-agent: "
			if strings.Count(prepared.stdout, line) != 1 || !strings.Contains(prepared.stdout, line+test.want) {
				t.Errorf("prepare says\n%s", prepared.stdout)
			}
			ran := w.must(0, "run", w.script("echo out; echo err >&2"), "build_script")
			if ran.stdout != "out\n" || ran.stderr != "err\n" {
				t.Errorf("%q, %q", ran.stdout, ran.stderr)
			}
		})
	}
}

func TestAgentOfTheImage(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	bin := filepath.Join(w.dir, "bin")
	if err := os.Rename(filepath.Join(w.dir, "ci-agent"), filepath.Join(bin, "ci-agent")); err != nil {
		t.Fatal(err)
	}
	if prepared := w.must(0, "prepare"); strings.Contains(prepared.stdout, "ci-agent") {
		t.Errorf("prepare says\n%s", prepared.stdout)
	}
	if got := w.must(0, "run", w.script("echo err >&2"), "build_script"); got.stdout != "err\n" {
		t.Errorf("%q, %q", got.stdout, got.stderr)
	}
	for _, folder := range w.agents() {
		if _, err := os.Stat(filepath.Join(folder, "ci-agent")); err == nil {
			t.Error("the image has the agent, and it was uploaded all the same")
		}
	}
}

// A host may have tasks of two architectures, each of which needs its own agent.
func TestAgentOfTheTasksArchitecture(t *testing.T) {
	for name, test := range map[string]struct{ machine, works, other string }{
		"the file's":                   {"aarch64", "ci-agent", "ci-agent-amd64"},
		"another one":                  {"aarch64", "ci-agent-arm64", "ci-agent"},
		"each by its name":             {"x86_64", "ci-agent-amd64", "ci-agent-arm64"},
		"one that nobody has heard of": {"riscv64", "ci-agent", "ci-agent-arm64"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withAgent()
			w.write("bin/uname", "#!/bin/sh\necho "+test.machine+"\n")
			built := filepath.Join(w.dir, "ci-agent")
			for path, mode := range map[string]os.FileMode{w.dir + "/bin/uname": 0o755, built: 0o755} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Rename(built, filepath.Join(w.dir, test.works)); err != nil {
				t.Fatal(err)
			}
			w.write(test.other, "\x7fELF\x02\x01\x01 of another architecture")
			if prepared := w.must(0, "prepare"); strings.Contains(prepared.stdout, "ci-agent") {
				t.Errorf("prepare says\n%s", prepared.stdout)
			}
			if got := w.must(0, "run", w.script("echo err >&2"), "build_script"); got.stdout != "err\n" {
				t.Errorf("%q, %q", got.stdout, got.stderr)
			}
		})
	}
}
