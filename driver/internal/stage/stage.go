// Package stage holds what the driver does in each of the custom executor's calls: config, prepare, run, cleanup.
package stage

import (
	"context"
	"io"
	"log/slog"
	"time"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/job"
	"gitlab-fargate-runners/driver/internal/slot"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// Tasks is what the stages need of ECS; *task.Tasks has it.
type Tasks interface {
	Placements() []task.Placement
	Start(ctx context.Context, request task.Request) (arn string, err error)
	AwaitRunning(ctx context.Context, arn string, progress task.Progress) (address string, err error)
	AwaitStopped(ctx context.Context, arn string) error
	// MemoryLimit is in MiB, "" where nobody can tell.
	MemoryLimit(ctx context.Context, arn string) string
	Check(ctx context.Context, arn string) error
	StopAll(ctx context.Context, known task.Ref, reason string) (stopped []string, err error)
}

// Store is what the stages need of the state; *state.Store has it.
type Store interface {
	Load(key string) (*state.Task, error)
	Save(key string, task *state.Task) error
	Remove(key string) error
	Host() (string, error)
}

// Slots are what bounds the jobs at once; *slot.Slots has it.
type Slots interface {
	Take(ctx context.Context, job slot.Job, most int, waiting func(since time.Duration)) error
	TransferToSelf(key string) error
	Release(key string) error
}

// Connection is a connection to a task; *sshconn.Client has it.
type Connection interface {
	Run(ctx context.Context, script sshconn.Script) error
	Exec(command string) (*sshconn.Command, error)
	Output(ctx context.Context, command string, input io.Reader) (output string, code int, err error)
	// PinnedKey is sshd's host key as a line of authorized_keys.
	PinnedKey() string
	Close() error
}

// Connector opens a connection.
type Connector func(ctx context.Context, target sshconn.Target, retrying sshconn.Attempt) (Connection, error)

// Driver has all that prepare, run and cleanup share.
type Driver struct {
	Config  *config.Config
	Job     job.Job
	Tasks   Tasks
	Store   Store
	Slots   Slots
	Connect Connector
	Log     *slog.Logger
	// AgentFile is ci-agent on this host, for tasks whose image has none.
	AgentFile string
	// Stdout and Stderr are the job's log in prepare and run, the runner's in cleanup.
	Stdout, Stderr io.Writer
}

// startCallTimeout bounds RunTask, which is not cut off when the job is cancelled: its answer is the task's ARN.
const startCallTimeout = time.Minute
