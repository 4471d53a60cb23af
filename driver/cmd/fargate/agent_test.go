package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/sshtest"
	"gitlab-fargate-runners/driver/internal/stage"
)

// withAgent compiles ci-agent and lets the driver have it.
func (w *world) withAgent() {
	w.t.Helper()
	file := filepath.Join(w.dir, "ci-agent")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", file, "../ci-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		w.t.Fatalf("building ci-agent: %v\n%s", err, output)
	}
	w.configure("")
	w.append(fmt.Sprintf("[Agent]\nFile = %q\n", file))
	// In the test's own folder, and with a short name, as a socket's path may have 108 bytes.
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		sshtest.KillAll(w.t, home) // the agent, and what its stages have left
		_ = os.RemoveAll(home)
	})
	w.sshd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + home}
	w.home = home
	w.onlyHome()
}

// onlyHome makes the task's other folders refuse the agent, so that the test leaves nothing on this machine.
func (w *world) onlyHome() {
	bin := filepath.Join(w.dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		w.t.Fatal(err)
	}
	content := fmt.Sprintf("#!/bin/sh\ncase $1 in \"%s\"/*) exec /bin/mkdir \"$@\" ;; esac\nexit 1\n", w.home)
	if err := os.WriteFile(filepath.Join(bin, "mkdir"), []byte(content), 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.sshd.Env[0] = "PATH=" + bin + ":/usr/bin:/bin"
}

func (w *world) append(text string) {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, "fargate.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("fargate.toml", string(content)+text)
}

// agents lists the agent's folders in the task.
func (w *world) agents() []string {
	found, _ := filepath.Glob(filepath.Join(w.home, ".ci-agent-*"))
	return found
}

func TestJobUnderAgent(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	prepared := w.must(0, "prepare")
	if strings.Contains(prepared.stdout, "ci-agent") || prepared.stderr != "" || len(w.agents()) != 1 {
		t.Fatalf("prepare says %q, %q; folders %v", prepared.stdout, prepared.stderr, w.agents())
	}
	info, err := os.Stat(w.agents()[0])
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the agent's folder: %v, %v", info.Mode(), err)
	}
	ran := w.must(buildFailure, "run", w.script("echo out; echo err >&2; exit 42"), "build_script")
	if code, _ := os.ReadFile(w.env["BUILD_EXIT_CODE_FILE"]); string(code) != "42" || ran.stdout != "out\nerr\n" ||
		ran.stderr != "" {
		t.Errorf("exit code %s, %q, %q", code, ran.stdout, ran.stderr)
	}
	w.must(0, "cleanup")
}

func TestCutsUnderAgent(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	w.must(0, "prepare")
	ran := filepath.Join(w.dir, "ran")
	step := func(i int) string { return filepath.Join(w.dir, fmt.Sprint("step-", i)) }
	go func() {
		for i := 1; i <= 9; i++ {
			w.awaitFile(step(i))
			w.sshd.Cut()
		}
	}()
	script := w.script("echo x >>" + ran + "; for i in 1 2 3 4 5 6 7 8 9; do echo $i; touch " + w.dir +
		"/step-$i; sleep 0.1; done")
	got := w.must(0, "run", script, "build_script")
	if got.stdout != "1\n2\n3\n4\n5\n6\n7\n8\n9\n" || got.stderr != "" {
		t.Errorf("%q, %q", got.stdout, got.stderr)
	}
	if content, _ := os.ReadFile(ran); string(content) != "x\n" {
		t.Errorf("the script's effects: %q", content)
	}
}

func TestTaskThatEndsUnderAgent(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	w.must(0, "prepare")
	started := filepath.Join(w.dir, "started")
	go func() {
		w.awaitFile(started)
		w.interruptSpot()
		w.sshd.Close()
	}()
	got := w.must(systemFailure, "run", w.script("touch "+started+"; sleep 20"), "build_script")
	if !strings.Contains(got.stderr, "SpotInterruption") || !strings.Contains(got.stderr, "runner_system_failure") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

func TestCancelUnderAgent(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	w.must(0, "prepare")
	ctx, cancel := context.WithCancelCause(t.Context())
	started := filepath.Join(w.dir, "started")
	go func() {
		w.awaitFile(started)
		cancel(stage.ErrCancelled)
	}()
	got := w.call(ctx, "run", w.script("trap 'echo bye; exit 1' TERM; touch "+started+"; sleep 100 & wait"),
		"build_script")
	// A shell may say "Terminated" of its child first.
	if got.code != systemFailure || !strings.HasSuffix(got.stdout, "bye\n") ||
		!strings.Contains(got.stderr, "cancelled by the runner") {
		t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
	w.must(0, "run", w.script("echo after"), "after_script")
}

func (w *world) awaitFile(path string) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	w.t.Errorf("%s did not come", path)
}

// A script that clears what it finds takes the agent with it; the following stages run all the same.
func TestAScriptThatRemovesTheAgent(t *testing.T) {
	t.Run("which comes back", func(t *testing.T) {
		w := newWorld(t)
		w.withAgent()
		w.must(0, "prepare")
		w.must(0, "run", w.script("rm -rf "+w.agents()[0]), "build_script")
		for _, stage := range []string{"after_script", "upload_artifacts_on_success"} {
			if got := w.must(0, "run", w.script("echo in "+stage), stage); got.stdout != "in "+stage+"\n" {
				t.Errorf("%q, %q", got.stdout, got.stderr)
			}
		}
		if len(w.agents()) != 1 {
			t.Errorf("folders %v", w.agents())
		}
		w.must(0, "cleanup")
	})
	t.Run("and kills it", func(t *testing.T) {
		for _, signal := range []string{"TERM", "KILL"} {
			w := newWorld(t)
			w.withAgent()
			w.must(0, "prepare")
			got := w.call(t.Context(), "run", w.script("rm -rf "+w.home+"/.[!.]* "+w.home+"/*; kill -"+signal+
				" $PPID; sleep 0.2; echo alive"), "build_script")
			if signal == "TERM" && (got.code != 0 || got.stdout != "alive\n") {
				t.Errorf("SIGTERM: %+v", got)
			}
			const want = "ERROR: running build_script: ci-agent in the task: it was killed, by the job itself or for lack of " +
				"memory, when the script ran or was about to; the result is lost with it\n"
			if signal == "KILL" && (got.code != systemFailure || !strings.HasSuffix(got.stderr, want)) {
				t.Errorf("SIGKILL: %+v", got)
			}
			for _, stage := range []string{"after_script", "upload_artifacts_on_failure"} {
				if got := w.must(0, "run", w.script("echo in "+stage), stage); got.stdout != "in "+stage+"\n" {
					t.Errorf("SIG%s: %q, %q", signal, got.stdout, got.stderr)
				}
			}
		}
	})
	t.Run("which cannot come back", func(t *testing.T) {
		w := newWorld(t)
		w.withAgent()
		w.must(0, "prepare")
		w.must(0, "run", w.script("rm -rf "+w.agents()[0]), "build_script")
		w.edit("File = \"", "File = \"/nowhere")
		got := w.must(0, "run", w.script("echo after"), "after_script")
		if !strings.HasPrefix(got.stdout, "A lost connection will end the job, as its stages run without ci-agent: ") ||
			!strings.HasSuffix(got.stdout, "\nafter\n") {
			t.Errorf("%q, %q", got.stdout, got.stderr)
		}
		if got := w.must(0, "run", w.script("echo again"), "upload_artifacts_on_success"); got.stdout != "again\n" {
			t.Errorf("told twice: %q", got.stdout)
		}
	})
}

// A driver of another protocol takes over a job that runs: its own agent comes into the task beside the one before,
// which it does not call, and a stage keeps what ci-agent promises.
func TestADriverThatIsExchangedWhileAJobRuns(t *testing.T) {
	for name, test := range map[string]struct{ file, want string }{
		"its agent comes": {"File = \"", ""},
		"and has none there": {"File = \"/nowhere",
			"A lost connection will end the job, as its stages run without ci-agent: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withAgent()
			w.must(0, "prepare")
			w.edit("File = \"", test.file)
			before, called := filepath.Join(w.agents()[0], "ci-agent"), filepath.Join(w.dir, "called")
			if err := os.WriteFile(before+".1", []byte("#!/bin/sh\ntouch "+called+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(before+".1", before); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(w.dir, "metadata", "tasks", w.stateFiles()[0])
			state, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			other := strings.Replace(string(state), fmt.Sprintf(`"protocol":%d`, wire.Version), `"protocol":1`, 1)
			if err := os.WriteFile(path, []byte(other), 0o600); err != nil || other == string(state) {
				t.Fatalf("%v: %s", err, state)
			}
			for i, said := range []string{test.want, ""} {
				got := w.must(0, "run", w.script("echo hello"), "build_script")
				if !strings.HasPrefix(got.stdout, said) || strings.Count(got.stdout, "\n") != 1+min(1, len(said)) {
					t.Errorf("stage %d: %q", i+1, got.stdout)
				}
			}
			if _, err := os.Stat(called); err == nil {
				t.Error("the other driver's agent was called")
			}
			if test.want == "" && len(w.agents()) != 2 {
				t.Errorf("folders %v", w.agents())
			}
		})
	}
}

// What the agent's address or the probe's answer cannot hold is no folder for the agent.
func TestHomesThatTheAgentCannotUse(t *testing.T) {
	for name, home := range map[string]string{"with a space": "my home", "deep": strings.Repeat("deep/", 20)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withAgent()
			w.home = filepath.Join(w.home, home)
			if err := os.MkdirAll(w.home, 0o700); err != nil {
				t.Fatal(err)
			}
			w.sshd.Env[1] = "HOME=" + w.home
			w.onlyHome()
			got := w.must(0, "prepare")
			if !strings.Contains(got.stdout, "without ci-agent: the task has no folder in which a program can be put") {
				t.Errorf("prepare says\n%s", got.stdout)
			}
			if got := w.must(0, "run", w.script("echo hello"), "build_script"); got.stdout != "hello\n" {
				t.Errorf("%q, %q", got.stdout, got.stderr)
			}
		})
	}
}
