package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"gitlab-fargate-runners/driver/internal/slot"
	"gitlab-fargate-runners/driver/internal/stage"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// killAt makes a driver process of the test kill itself (SIGKILL) at the point of that number: before its first, second
// … call of AWS or write of its state, or, as the last one, when all is done. reachedFile gets a line for each point.
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
	code := execute(context.Background(), invocation{
		Args: os.Args[1:], Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr,
	}, adapted(func(driver *stage.Driver) {
		tasks := driver.Tasks.(*task.Tasks)
		tasks.API, tasks.ConsistencyWindow = mortalAPI{tasks.API, p}, shortConsistencyWindow
		driver.Store, driver.Slots = mortalStore{driver.Store, p}, mortalSlots{driver.Slots, p}
		driver.Waits = mortalWaits{driver.Waits, p}
	}, nil))
	p.reach("end")
	return code
}

// shortConsistencyWindow is enough for an ECS that shows a task at once.
const shortConsistencyWindow = 100 * time.Millisecond

func shortenConsistencyWindow(driver *stage.Driver) {
	driver.Tasks.(*task.Tasks).ConsistencyWindow = shortConsistencyWindow
}

type mortalAPI struct {
	task.API
	points *points
}

func (m mortalAPI) RunTask(
	ctx context.Context, input *ecs.RunTaskInput, options ...func(*ecs.Options),
) (*ecs.RunTaskOutput, error) {
	m.points.reach("RunTask")
	return m.API.RunTask(ctx, input, options...)
}

func (m mortalAPI) DescribeTasks(
	ctx context.Context, input *ecs.DescribeTasksInput, options ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	m.points.reach("DescribeTasks")
	return m.API.DescribeTasks(ctx, input, options...)
}

func (m mortalAPI) ListTasks(
	ctx context.Context, input *ecs.ListTasksInput, options ...func(*ecs.Options),
) (*ecs.ListTasksOutput, error) {
	m.points.reach("ListTasks")
	return m.API.ListTasks(ctx, input, options...)
}

func (m mortalAPI) StopTask(
	ctx context.Context, input *ecs.StopTaskInput, options ...func(*ecs.Options),
) (*ecs.StopTaskOutput, error) {
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

type mortalSlots struct {
	stage.Slots
	points *points
}

func (m mortalSlots) Take(ctx context.Context, job slot.Job, most int, waiting func(time.Duration)) error {
	m.points.reach("take a slot")
	return m.Slots.Take(ctx, job, most, waiting)
}

func (m mortalSlots) TransferToSelf(key string) error {
	m.points.reach("let the slot end with the call")
	return m.Slots.TransferToSelf(key)
}

func (m mortalSlots) Release(key string) error {
	m.points.reach("release the slot")
	return m.Slots.Release(key)
}

type mortalWaits struct {
	stage.Waits
	points *points
}

func (m mortalWaits) Begin(key, what string, until time.Time) error {
	m.points.reach("write since when the job waits")
	return m.Waits.Begin(key, what, until)
}

func (m mortalWaits) Forget(key string) error {
	m.points.reach("forget the job's waits")
	return m.Waits.Forget(key)
}
