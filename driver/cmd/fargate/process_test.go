package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asDriver makes the test binary behave as the driver's own, for what only a process has: signals and pipes.
const asDriver = "FARGATE_TEST_AS_DRIVER"

func TestMain(m *testing.M) {
	if at := os.Getenv(killAt); at != "" {
		os.Exit(mortal(at))
	}
	if os.Getenv(asDriver) != "" {
		main()
	}
	os.Exit(m.Run())
}

func (w *world) command(args ...string) *exec.Cmd {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	command := exec.Command(self, append([]string{"--config", filepath.Join(w.dir, "fargate.toml"), "custom"},
		args...)...)
	command.Env = append(os.Environ(), asDriver+"=1")
	for name, value := range w.env {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

func TestTermEndsPrepare(t *testing.T) {
	w := newWorld(t)
	w.ecs.Script = []string{"PENDING"}
	command := w.command("prepare")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for ; w.ecs.Calls("DescribeTasks") == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no task was looked at: %s", stderr.String())
		}
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != systemFailure {
		t.Errorf("%s, want exit code %d", command.ProcessState, systemFailure)
	}
	if !strings.Contains(stderr.String(), "cancelled by the runner") {
		t.Errorf("stderr: %s", stderr.String())
	}
	if len(w.ecs.Tasks()) != 1 || w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
		t.Errorf("left: %d of %d tasks, files %v", w.ecs.Running(), len(w.ecs.Tasks()), w.stateFiles())
	}
}

func TestCleanupOfARunnerThatDied(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close() // nobody reads any more
	command := w.command("cleanup")
	command.Stdout, command.Stderr = writer, writer
	err = command.Run()
	_ = writer.Close()
	if err != nil || w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
		t.Errorf("%v; left: %d tasks, files %v", err, w.ecs.Running(), w.stateFiles())
	}
}

func TestSecretsAreNotInArgumentsOrOutput(t *testing.T) {
	w := newWorld(t)
	w.configure("")
	content, err := os.ReadFile(filepath.Join(w.dir, "fargate.toml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("fargate.toml", strings.Replace(string(content), `LogLevel = "info"`, `LogLevel = "debug"`, 1))
	prepared := w.must(0, "prepare")
	ran := w.must(0, "run", w.script("tr '\\0' ' ' </proc/$$/cmdline; : a-secret-of-the-job"), "build_script")
	cleaned := w.must(0, "cleanup")
	for _, got := range []outcome{prepared, ran, cleaned} {
		for _, secret := range []string{"PRIVATE KEY", "jobtok-7", "a-secret-of-the-job"} {
			if strings.Contains(got.stdout+got.stderr, secret) {
				t.Errorf("%q shows in\n%s%s", secret, got.stdout, got.stderr)
			}
		}
	}
	if !strings.Contains(ran.stdout, "bash -c ") {
		t.Errorf("the shell's arguments are %q", ran.stdout)
	}
}
