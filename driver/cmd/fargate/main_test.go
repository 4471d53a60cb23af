package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/ecstest"
	"gitlab-fargate-runners/driver/internal/reap"
	"gitlab-fargate-runners/driver/internal/sshtest"
	"gitlab-fargate-runners/driver/internal/stage"
)

const (
	buildFailure  = 11
	systemFailure = 22
)

// world is all that a job's calls have around them: an ECS API, the sshd of its task, the runner's environment.
type world struct {
	t    *testing.T
	ecs  *ecstest.Server
	sshd *sshtest.Server
	env  map[string]string
	dir  string
	// now is the clock of reap; nil for the system's.
	now func() time.Time
	// adapt changes the driver of calls in this process; nil leaves it as it is.
	adapt func(*stage.Driver)
	// home is the home of the user in the task, where the agent goes.
	home string
	// publicKey is what the last task was given.
	publicKey string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ecs: ecstest.Start(t), dir: t.TempDir()}
	w.sshd = sshtest.Start(t, "127.0.0.1:0", func(key string) bool {
		w.ecs.Lock()
		defer w.ecs.Unlock()
		return w.publicKey != "" && strings.TrimSpace(key) == w.publicKey
	})
	w.ecs.OnRun = func(task *ecstest.Task) {
		w.ecs.Lock()
		defer w.ecs.Unlock()
		w.publicKey = environment(task.Request)["SSH_PUBLIC_KEY"]
	}
	t.Setenv("AWS_ENDPOINT_URL", w.ecs.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(w.dir, "none"))
	w.env = map[string]string{
		"BUILD_FAILURE_EXIT_CODE":  fmt.Sprint(buildFailure),
		"SYSTEM_FAILURE_EXIT_CODE": fmt.Sprint(systemFailure),
		"BUILD_EXIT_CODE_FILE":     filepath.Join(w.dir, "exit-code"),
		"JOB_RESPONSE_FILE":        filepath.Join(w.dir, "job.json"),
	}
	w.job(map[string]any{"id": 7, "token": "jobtok-7", "job_info": map[string]any{"project_id": 3}})
	w.configure("")
	return w
}

// environment returns the variables that RunTask hands to the container.
func environment(request map[string]any) map[string]string {
	content, _ := json.Marshal(request)
	var input struct {
		Overrides struct {
			ContainerOverrides []struct {
				Name        string
				Environment []struct{ Name, Value string }
			}
		}
	}
	_ = json.Unmarshal(content, &input)
	variables := map[string]string{}
	for _, container := range input.Overrides.ContainerOverrides {
		for _, variable := range container.Environment {
			variables[variable.Name] = variable.Value
		}
	}
	return variables
}

func (w *world) job(payload map[string]any) {
	w.t.Helper()
	content, err := json.Marshal(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("job.json", string(content))
}

// configure writes a community driver's file, quick to give up and without patience, with extra lines in [Fargate].
func (w *world) configure(extra string) {
	w.write("fargate.toml", fmt.Sprintf(`
LogLevel = "info"
LogFormat = "text"

[Fargate]
Cluster = "cluster"
Region = "us-east-1"
Subnet = "subnet-1"
SecurityGroup = "sg-1"
TaskDefinition = "ci:3"
EnablePublicIP = true
UsePublicIP = false
PlatformVersion = "1.4.0"
PollInterval = "5ms"
MaxPollInterval = "20ms"
APIAttempts = 2
CapacityTimeout = "1ns"
%s

[TaskMetadata]
Directory = %q

[SSH]
Username = "root"
Port = %d
ConnectTimeout = "5s"
RetryInterval = "5ms"
MaxRetryInterval = "20ms"
`, extra, filepath.Join(w.dir, "metadata"), w.sshd.Port()))
	w.deployed(time.Hour)
}

// deployed tells how long ago the configuration was written.
func (w *world) deployed(ago time.Duration) {
	w.t.Helper()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(filepath.Join(w.dir, "fargate.toml"), at, at); err != nil {
		w.t.Fatal(err)
	}
}

// edit replaces text of the configuration.
func (w *world) edit(from, to string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "fargate.toml")
	content, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("fargate.toml", strings.ReplaceAll(string(content), from, to))
	w.deployed(time.Hour)
}

func (w *world) write(name, content string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

type outcome struct {
	code           int
	stdout, stderr string
}

func (w *world) call(ctx context.Context, args ...string) outcome {
	return w.execute(ctx, append([]string{"custom"}, args...)...)
}

// cancelledAtLook returns a context that the runner's signal ends while the driver looks at its task for that time.
func (w *world) cancelledAtLook(number int) context.Context {
	ctx, cancel := context.WithCancelCause(w.t.Context())
	w.ecs.Lock()
	defer w.ecs.Unlock()
	w.ecs.Fail = func(action string, call int) string {
		if action == "DescribeTasks" && call == number {
			cancel(stage.ErrCancelled)
		}
		return ""
	}
	return ctx
}

func (w *world) execute(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := execute(ctx, invocation{
		Args:   append([]string{"--config", filepath.Join(w.dir, "fargate.toml")}, args...),
		Getenv: func(name string) string { return w.env[name] },
		Stdout: &stdout, Stderr: &stderr,
	}, adapted(w.adapt, w.now))
	return outcome{code, stdout.String(), stderr.String()}
}

// adapted puts the real parts together, but changes the driver by adapt and gives reap another clock; nil leaves
// either.
func adapted(adapt func(*stage.Driver), now func() time.Time) assembly {
	return assembly{
		driver: func(ctx context.Context, file string, i invocation) (*stage.Driver, func(), error) {
			driver, closeLog, err := newDriver(ctx, file, i)
			if err == nil && adapt != nil {
				adapt(driver)
			}
			return driver, closeLog, err
		},
		reaper: func(ctx context.Context, file string, i invocation) (*reap.Reaper, func(), error) {
			reaper, closeLog, err := newReaper(ctx, file, i)
			if err == nil && now != nil {
				reaper.Now = now
			}
			return reaper, closeLog, err
		},
	}
}

// must fails the test where the call does not end with the code.
func (w *world) must(code int, args ...string) outcome {
	w.t.Helper()
	got := w.call(w.t.Context(), args...)
	if got.code != code {
		w.t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	return got
}

func (w *world) script(content string) string { return w.write("script", content) }

// stateFiles lists what the driver keeps on disk.
func (w *world) stateFiles() []string {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.dir, "metadata", "tasks"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
