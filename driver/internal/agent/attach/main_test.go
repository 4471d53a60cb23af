package attach_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

// program is the real ci-agent.
var program string

func TestMain(m *testing.M) { os.Exit(withProgram(m)) }

func withProgram(m *testing.M) int {
	folder, err := os.MkdirTemp("", "ci-agent")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	program = filepath.Join(folder, "ci-agent")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program,
		"gitlab-fargate-runners/driver/cmd/ci-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building ci-agent: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// world is a task with sshd and ci-agent, and the way to it.
type world struct {
	t        testing.TB
	sshd     *sshtest.Server
	settings config.SSH
	target   sshconn.Target
	// dir is the test's own, sockets the agent's.
	dir, sockets string
	// wrap changes the streams of connection 1, 2, …; nil leaves them as they are.
	wrap        func(connection int, client *sshconn.Client, stream attach.Stream) attach.Stream
	connections int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	// t.TempDir's name may be too long for a socket's.
	sockets, err := os.MkdirTemp("", "stages")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sshtest.KillAll(t, sockets) // the agent, and what its stages have left
		_ = os.RemoveAll(sockets)
	})
	private, _, err := sshconn.GenerateKey("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	sshd := sshtest.Start(t, "127.0.0.1:0", nil)
	seconds := func(n float64) config.Duration {
		return config.Duration{Duration: time.Duration(n * float64(time.Second))}
	}
	return &world{
		t: t, sshd: sshd, dir: t.TempDir(), sockets: sockets,
		target: sshconn.Target{Address: "127.0.0.1", PrivateKey: private},
		settings: config.SSH{
			Username: "root", Port: sshd.Port(), ConnectTimeout: seconds(10), DialTimeout: seconds(5),
			RetryInterval: seconds(0.005), MaxRetryInterval: seconds(0.05), KeepAliveInterval: seconds(15),
			KeepAliveCountMax: 4,
		},
	}
}

type connection struct {
	*world
	*sshconn.Client
	number int
}

func (c connection) Exec(command string) (attach.Stream, error) {
	stream, err := c.Client.Exec(command)
	if err != nil {
		return nil, err
	}
	if c.wrap == nil {
		return stream, nil
	}
	return c.wrap(c.number, c.Client, stream), nil
}

func (w *world) connect(ctx context.Context) (attach.Connection, error) {
	client, err := sshconn.Connect(ctx, w.settings, w.target, func(error, time.Duration) {})
	if err != nil {
		return nil, err
	}
	w.connections++
	return connection{w, client, w.connections}, nil
}

// stage returns a stage that runs the script.
func (w *world) stage(script string, log io.Writer) *attach.Execution {
	return &attach.Execution{
		Program: program, Agent: wire.Agent{Directory: w.sockets}, Script: strings.NewReader(script), Log: log,
		Grace: 5 * time.Second, ReconnectTimeout: 10 * time.Second,
		Pause: 2 * time.Millisecond, MaxPause: 20 * time.Millisecond,
		Connect: w.connect, Reconnect: w.connect,
		Restore:      func(context.Context) (string, error) { return program, nil },
		Reconnecting: func(err error, received int64) { w.t.Logf("lost after %d bytes: %v", received, err) },
	}
}

func (w *world) run(script string) (log string, err error) {
	var buffer bytes.Buffer
	err = w.stage(script, &buffer).Run(w.t.Context())
	return buffer.String(), err
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

func (w *world) read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(w.file(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(content)
}

// await returns the file's content once it has a line.
func (w *world) await(name string) string {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if content := w.read(name); strings.HasSuffix(content, "\n") {
			return strings.TrimSpace(content)
		}
	}
	w.t.Errorf("%s did not come", name)
	return ""
}

func (w *world) pid(name string) int {
	pid, _ := strconv.Atoi(w.await(name))
	if pid <= 1 {
		w.t.Errorf("%s holds no process id", name)
		return os.Getpid() + 1<<30 // nobody's
	}
	return pid
}
