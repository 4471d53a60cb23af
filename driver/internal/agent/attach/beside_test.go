package attach_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/sshconn"
)

// other is the user in the container beside, where tests may choose one.
const other = 65534

// beside is the container of a job's own image.
type beside struct {
	*world
	socket  string
	user    int
	process *exec.Cmd
}

// newBeside starts the agent as the first process of a container of its own, which another user has, where tests run as
// root; elsewhere as a process of this user.
func newBeside(t *testing.T) *beside {
	t.Helper()
	w := newWorld(t)
	volume, own := filepath.Join(w.sockets, "volume"), filepath.Join(w.sockets, "volume", "ci-agent")
	for _, folder := range []string{w.sockets, volume} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(program, own); err != nil {
		t.Fatal(err)
	}
	w.dir = volume // where the other user may write
	b := &beside{world: w, socket: filepath.Join(volume, "build.sock"), user: os.Getuid()}
	args := []string{own, "serve", "--socket", b.socket}
	if b.user == 0 {
		b.user = other
		user := strconv.Itoa(other)
		args = append([]string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--setgid", user, "--setuid", user},
			args...)
	}
	b.process = exec.Command(args[0], args[1:]...)
	b.process.Stderr = os.Stderr
	b.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-b.process.Process.Pid, syscall.SIGKILL)
		_ = b.process.Wait()
	})
	output, err := exec.Command(program, "await", "--socket", b.socket, "--limit", "20s").CombinedOutput()
	if want := fmt.Sprintf(" user %d\n", b.user); err != nil || !strings.HasSuffix(string(output), want) {
		t.Fatalf("%v: %s, want %s", err, output, want)
	}
	return b
}

func (b *beside) stage(script string, log io.Writer) *attach.Execution {
	stage := b.world.stage(script, log)
	stage.Agent = wire.Agent{Socket: b.socket, User: b.user}
	return stage
}

// signal sends a signal to the agent alone.
func (b *beside) signal(signal syscall.Signal) {
	b.t.Helper()
	pid := b.process.Process.Pid
	if b.user == other {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
		if err != nil {
			b.t.Fatal(err)
		}
		pid, _ = strconv.Atoi(strings.TrimSpace(string(children)))
	}
	if err := syscall.Kill(pid, signal); err != nil {
		b.t.Error(err)
	}
}

func TestAStageInAnotherContainer(t *testing.T) {
	b := newBeside(t)
	b.wrap = func(connection int, client *sshconn.Client, stream attach.Stream) attach.Stream {
		if connection == 1 {
			return &cutAfterStart{Stream: stream, client: client}
		}
		return stream
	}
	var log bytes.Buffer
	err := b.stage("id -u; sleep 0.2; echo after; exit 42", &log).Run(t.Context())
	if want := fmt.Sprintf("%d\nafter\n", b.user); log.String() != want || err == nil ||
		!strings.HasSuffix(err.Error(), "exit code 42") || b.connections < 2 {
		t.Errorf("%v after %d connections: %q", err, b.connections, log.String())
	}
}

// Nobody but root and the agent's own user reaches it, and nobody else answers in its place.
func TestTheAgentOfAnotherContainerHasOneUser(t *testing.T) {
	b := newBeside(t)
	info, err := os.Stat(b.socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v: the socket's mode is %v", err, info.Mode())
	}
	if b.user == other {
		stranger := exec.Command(filepath.Join(filepath.Dir(b.socket), "ci-agent"), "await", "--socket", b.socket, "--limit", "1ns")
		stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other - 1, Gid: other - 1}}
		if output, err := stranger.CombinedOutput(); err == nil || !strings.Contains(string(output), "permission denied") {
			t.Errorf("%v: %s", err, output)
		}
		if err := os.Chmod(b.socket, 0o666); err != nil {
			t.Fatal(err)
		}
		stranger = exec.Command(stranger.Path, "run", "--socket", b.socket, "--user", strconv.Itoa(other), "--token", "a")
		stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other - 1, Gid: other - 1}}
		stranger.Stdin = strings.NewReader("")
		want := fmt.Sprintf("the process at ci-agent's socket is user %d's, and not user %d's", other-1, other)
		if output, err := stranger.CombinedOutput(); !strings.Contains(string(output), want) {
			t.Errorf("%v: %q", err, output)
		}
	}
	stage := b.stage("echo secret", io.Discard)
	stage.Agent.User = b.user + 7
	want := fmt.Sprintf("the process at ci-agent's socket is user %d's, and not user %d's", b.user, b.user+7)
	if err := stage.Run(t.Context()); b.user != 0 && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("got %v", err)
	}
}

// The container ends with its agent, which nobody starts again.
func TestTheEndOfAnotherContainer(t *testing.T) {
	b := newBeside(t)
	go func() {
		b.await("started")
		b.signal(syscall.SIGKILL)
	}()
	err := b.stage("echo yes >"+b.file("started")+"; sleep 20", io.Discard).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "reaching it in the container of the job's image: ") {
		t.Errorf("got %v", err)
	}
}

// ECS sends SIGTERM to all containers of a task that has to stop. The job goes on until it is over.
func TestAnotherContainerThatIsToStop(t *testing.T) {
	b := newBeside(t)
	go func() {
		b.await("started")
		b.signal(syscall.SIGTERM)
	}()
	var log lines
	log.with = "The job's container was told to stop (SIGTERM)"
	log.then = func() { _ = os.WriteFile(b.file("told"), []byte("yes\n"), 0o666) }
	script := "echo yes >" + b.file("started") + "; until [ -e " + b.file("told") + " ]; do sleep 0.05; done; echo done"
	if err := b.stage(script, &log).Run(t.Context()); err != nil || !strings.HasSuffix(log.String(), "\ndone\n") {
		t.Errorf("%v: %q", err, log.String())
	}
	var after bytes.Buffer
	if err := b.stage("echo after_script", &after).Run(t.Context()); err != nil || after.String() != "after_script\n" {
		t.Errorf("%v: %q", err, after.String())
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(b.socket), "over"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.process.Wait(); err != nil {
		t.Errorf("the container ended with %v", err)
	}
}

// lines is a log that does something once it has a text.
type lines struct {
	bytes.Buffer
	with string
	then func()
}

func (l *lines) Write(p []byte) (int, error) {
	n, err := l.Buffer.Write(p)
	if l.then != nil && strings.Contains(l.String(), l.with) {
		l.then()
		l.then = nil
	}
	return n, err
}
