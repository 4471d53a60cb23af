package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"gitlab-fargate-runners/driver/internal/stage"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// killAt makes a driver process of the test kill itself (SIGKILL) at the point of that number: before its first, second …
// call of AWS or write of its state, or, as the last one, when all is done. reachedFile gets a line for each point.
const (
	killAt      = "FARGATE_TEST_KILL_AT"
	reachedFile = "FARGATE_TEST_REACHED_FILE"
)

// points counts where the process is.
type points struct {
	sync.Mutex
	at, reached int
	file        string
}

func (p *points) reach(name string) {
	p.Lock()
	defer p.Unlock()
	p.reached++
	file, err := os.OpenFile(p.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(file, name)
		_ = file.Close()
	}
	if err != nil {
		panic(err)
	}
	if p.reached == p.at {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// mortal runs a call of the driver that dies at its point.
func mortal(at string) int {
	number, err := strconv.Atoi(at)
	if err != nil {
		panic(err)
	}
	p := &points{at: number, file: os.Getenv(reachedFile)}
	code := execute(context.Background(), process{
		Args: os.Args[1:], Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr,
		adapt: func(driver *stage.Driver) {
			tasks := driver.Tasks.(*task.Tasks)
			tasks.API, tasks.Settle = mortalAPI{tasks.API, p}, quickSettle
			driver.Store = mortalStore{driver.Store, p}
		},
	})
	p.reach("end")
	return code
}

// quickSettle is enough for an ECS that shows a task at once.
const quickSettle = 100 * time.Millisecond

type mortalAPI struct {
	task.API
	points *points
}

func (m mortalAPI) RunTask(ctx context.Context, input *ecs.RunTaskInput, options ...func(*ecs.Options)) (*ecs.RunTaskOutput, error) {
	m.points.reach("RunTask")
	return m.API.RunTask(ctx, input, options...)
}

func (m mortalAPI) DescribeTasks(ctx context.Context, input *ecs.DescribeTasksInput, options ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	m.points.reach("DescribeTasks")
	return m.API.DescribeTasks(ctx, input, options...)
}

func (m mortalAPI) ListTasks(ctx context.Context, input *ecs.ListTasksInput, options ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	m.points.reach("ListTasks")
	return m.API.ListTasks(ctx, input, options...)
}

func (m mortalAPI) StopTask(ctx context.Context, input *ecs.StopTaskInput, options ...func(*ecs.Options)) (*ecs.StopTaskOutput, error) {
	m.points.reach("StopTask")
	return m.API.StopTask(ctx, input, options...)
}

type mortalStore struct {
	stage.Store
	points *points
}

func (m mortalStore) Host() (string, error) {
	m.points.reach("write host id")
	return m.Store.Host()
}

func (m mortalStore) Save(key string, known *state.Task) error {
	m.points.reach("write state")
	return m.Store.Save(key, known)
}

func (m mortalStore) Remove(key string) error {
	m.points.reach("remove state")
	return m.Store.Remove(key)
}

// killed runs a call that is killed at a point, and returns false where it came to its end before.
func (w *world) killed(at int, args ...string) bool {
	w.t.Helper()
	command := w.command(args...)
	command.Env = append(command.Env, fmt.Sprintf("%s=%d", killAt, at), reachedFile+"="+w.reached())
	output, err := command.CombinedOutput()
	status, _ := command.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() && status.Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		w.t.Fatalf("%v, not killed at point %d: %v\n%s", args, at, err, output)
	}
	return false
}

func (w *world) reached() string { return w.dir + "/reached" }

func TestKilledAnywhere(t *testing.T) {
	noSpot := func(w *world) {
		w.spot("OnDemandFallback = true")
		w.ecs.Lock()
		defer w.ecs.Unlock()
		w.ecs.Refuse = func(input map[string]any) string {
			if strings.HasPrefix(asked(input), "FARGATE_SPOT") {
				return unavailable
			}
			return ""
		}
	}
	script := []string{"run", "", "build_script"}
	calls := []struct {
		name string
		args []string
		// before runs what comes before the call in a job.
		before [][]string
		set    func(*world)
		// least is how many points there are at the least.
		least int
	}{
		{"prepare", []string{"prepare"}, nil, nil, 8},
		{"prepare again", []string{"prepare"}, [][]string{{"prepare"}}, nil, 12},
		{"prepare without spot capacity", []string{"prepare"}, nil, noSpot, 17},
		{"run", script, [][]string{{"prepare"}}, nil, 1},
		{"cleanup", []string{"cleanup"}, [][]string{{"prepare"}}, nil, 5},
	}
	afterwards := []struct {
		name string
		do   func(w *world, call string)
	}{
		{"the runner cleans up", func(w *world, call string) {
			if call == "cleanup" {
				// It is not called twice. What it did not come to write down is known once the job's time is over.
				w.reap(0)
				w.later(25 * time.Hour)
			} else {
				w.must(0, "cleanup")
			}
			w.reap(0)
			if w.reap(0); len(w.stateFiles()) != 0 {
				w.t.Errorf("files are left: %v", w.stateFiles())
			}
		}},
		{"the runner is gone, another takes over", func(w *world, _ string) {
			w.later(25 * time.Hour)
			w.reap(0)
		}},
		{"the host is lost", func(w *world, _ string) {
			w.loseHost()
			w.later(25 * time.Hour)
			w.reap(0)
		}},
	}
	total := 0
	for _, call := range calls {
		for _, after := range afterwards {
			t.Run(call.name+", "+after.name, func(t *testing.T) {
				at := 1
				for ; ; at++ {
					w := newWorld(t)
					w.adapt = func(driver *stage.Driver) { driver.Tasks.(*task.Tasks).Settle = quickSettle }
					if call.args[0] == "run" {
						call.args[1] = w.script("echo hello")
					}
					if call.set != nil {
						call.set(w)
					}
					for _, args := range call.before {
						w.must(0, args...)
					}
					if !w.killed(at, call.args...) {
						break
					}
					after.do(w, call.args[0])
					if w.ecs.Running() != 0 {
						reached, _ := os.ReadFile(w.reached())
						t.Errorf("killed at point %d, %d tasks run; it came to\n%s", at, w.ecs.Running(), reached)
					}
				}
				if total += at - 1; at-1 < call.least {
					t.Errorf("%d points, there are %d at the least", at-1, call.least)
				}
			})
		}
	}
	t.Logf("killed at %d points", total)
}

// TestRunTaskThatTakesEffectAfterCleanup is about a driver that is killed while its request is on the way.
func TestRunTaskThatTakesEffectAfterCleanup(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	request := w.ecs.Tasks()[0].Request
	w.must(0, "cleanup")
	w.ecs.AddRequested(request)
	if w.reap(0); w.ecs.Running() != 0 {
		t.Error("a task runs that nobody knows of")
	}
}
