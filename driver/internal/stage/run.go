package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/footprint"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// Run runs the script in the job's task. It returns *failure.Script when the script ends with an exit code other than
// 0.
func (d *Driver) Run(ctx context.Context, scriptPath, stage string) (failed error) {
	known, err := d.Store.Load(d.Job.Key())
	if err != nil {
		return err
	}
	if known == nil || known.Address == "" {
		return failure.New("", "the job has no task: prepare left no state for %s in %s", d.Job.Key(),
			d.Config.TaskMetadata.Directory)
	}
	if stage == lastStage {
		defer d.tellServiceLogs(ctx, known)
	}
	image := known.Build != nil && inBuild(stage)
	script, err := open(scriptPath, d.before(known, stage))
	if err != nil {
		return fmt.Errorf("opening the script of %s: %w", stage, err)
	}
	defer func() { _ = script.Close() }()

	defer footprint.TrimLater()()
	var ended *failure.Script
	if known.Agent != nil && !understood(known.Agent) {
		// The driver was exchanged while the job runs.
		if err := d.bringAgentBack(ctx, known, "ci-agent in the task is another driver's"); err != nil {
			return d.explain(ctx, known, err)
		}
	}
	if inBuild(stage) {
		defer func() {
			if errors.As(failed, &ended) {
				d.tellEndedServices(ctx, known)
			}
		}()
	}
	if image {
		return d.runInBuild(ctx, known, script, stage)
	}
	if known.Agent != nil {
		err = d.runUnderAgent(ctx, known, script, nil)
		if err == nil || errors.As(err, &ended) {
			return err
		}
		if !errors.Is(err, attach.ErrNoAgent) {
			return d.explain(ctx, known, fmt.Errorf("running %s: %w", stage, err))
		}
	}
	connection, err := d.connectWatched(ctx, known, task.Ended, func(err error, since time.Duration) {
		d.Log.Debug("the task does not answer", "error", err, "since", since)
	})
	if err != nil {
		return d.explain(ctx, known, err)
	}
	defer func() { _ = connection.Close() }()
	err = connection.Run(ctx, sshconn.Script{Source: script, Stdout: d.Stdout, Stderr: d.Stderr})
	if err == nil || errors.As(err, &ended) {
		return err
	}
	return d.explain(ctx, known, fmt.Errorf("running %s: %w", stage, err))
}

// lastStage is the last of a job's stages, whatever became of the others. Its script removes the job's file variables.
const lastStage = "cleanup_file_variables"

// jobIsOver tells the image's entry point that the task may end as soon as ECS says so; in other images it is a file
// without a reader.
const jobIsOver = "( : >/run/ci-job-over ) 2>/dev/null\n"

// script is a stage's script.
type script interface {
	io.Reader
	io.ReaderAt
	io.Closer
}

// open opens a script with the lines that are to come before it.
func open(path, before string) (script, error) {
	if before == "" {
		return os.Open(path)
	}
	content, err := os.ReadFile(path)
	return inMemory{strings.NewReader(before + string(content))}, err
}

type inMemory struct{ *strings.Reader }

func (inMemory) Close() error { return nil }

func understood(agent *state.Agent) bool { return agent != nil && agent.Protocol == wire.Version }

// explain asks ECS whether the task has stopped: if so, that is the reason why the connection failed.
func (d *Driver) explain(ctx context.Context, known *state.Task, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if over := d.Tasks.Check(ctx, known.ARN, task.Stopping); over != nil {
		d.Log.Debug("the connection failed as the task ended", "error", err)
		return over
	}
	return err
}
