// Package stage implements the custom executor's calls: config, prepare, run and cleanup.
package stage

import (
	"context"
	"io"
	"log/slog"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/install"
	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/job"
	"gitlab-fargate-runners/driver/internal/servicelog"
	"gitlab-fargate-runners/driver/internal/slot"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// Tasks is the part of ECS that the calls need; *task.Tasks has it.
type Tasks interface {
	// Place is where Start starts tasks.
	Place() (task.Place, error)
	Placements(lot task.Lot) []task.Placement
	// Base is what tasks for jobs with an image are by the configured task definition.
	Base(ctx context.Context) (task.Base, error)
	Define(ctx context.Context, add task.Derived) (arn string, err error)
	Start(ctx context.Context, request task.Request) (arn string, err error)
	AwaitRunning(ctx context.Context, arn string, progress task.Progress) (address string, err error)
	Await(ctx context.Context, arn string, over task.Over) error
	WatchServices(ctx context.Context, arn string, count int, look func([]task.ServiceState)) error
	// Services are nil where ECS does not show them.
	Services(ctx context.Context, arn string, count int) []task.ServiceState
	ServiceLogs(ctx context.Context, arn string, since map[int]servicelog.Mark) map[int]task.ServiceLog
	// MemoryLimit is in MiB, "" where ECS does not tell; own is true where it is the container's, and not the task's.
	MemoryLimit(ctx context.Context, arn string) (limit string, own bool)
	Check(ctx context.Context, arn string, over task.Over) error
	StopAll(ctx context.Context, known task.Ref, reason string) (stopped []string, err error)
}

// Store is the part of the state that the calls need; *state.Store has it.
type Store interface {
	Load(key string) (*state.Task, error)
	Save(key string, task *state.Task) error
	Remove(key string) error
	Host() (string, error)
	// Providers counts this host's tasks by capacity provider.
	Providers() map[string]int
}

// Slots bound how many jobs run at once; *slot.Slots has it.
type Slots interface {
	Take(ctx context.Context, job slot.Job, most int, waiting func(since time.Duration)) error
	TransferToSelf(key string) error
	Release(key string) error
}

// Waits remember since when a job waits; *patience.Record has it.
type Waits interface {
	Began(key, what string) (this, first time.Time, err error)
	Begin(key, what string, until time.Time) error
	Forget(key string) error
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

// Driver holds what prepare, run and cleanup share.
type Driver struct {
	Config  *config.Config
	Job     job.Job
	Tasks   Tasks
	Store   Store
	Slots   Slots
	Waits   Waits
	Connect Connector
	// Registry reads the images that jobs name; nil where the driver leaves that to the tasks' pulls.
	Registry Registry
	Log      *slog.Logger
	// AgentFile is ci-agent on this host. The driver uploads it to tasks whose image has none.
	AgentFile string
	// Volume is where the containers of a job with an image have what they share.
	Volume install.Volume
	// HostsFile is where the containers of a job with services find those by their names.
	HostsFile string
	// Tally is what the call learns for the metrics.
	Tally Tally
	// Stdout and Stderr go to the job's log in prepare and run, and to the runner's log in cleanup.
	Stdout, Stderr io.Writer
}

// startCallTimeout bounds RunTask. A cancelled job does not interrupt the call, because its answer holds the task's
// ARN.
const startCallTimeout = time.Minute
