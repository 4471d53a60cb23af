package stage

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/agent/install"
	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/printable"
	"gitlab-fargate-runners/driver/internal/sleep"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// JobVolume is where both containers of a job with an image have its sources, cache and ci-agent.
const JobVolume install.Volume = "/ci-job"

// beside is what a job has beside the coordinator.
type beside struct {
	// build is the container of the job's image, nil where the job's script runs in the coordinator.
	build    *images.Build
	services []images.Service
}

// nothing tells whether the job has the configured task definition as it is.
func (b beside) nothing() bool { return b.build == nil && len(b.services) == 0 }

// build returns the container of the job's image, nil where its image counts for nothing.
func (d *Driver) build() (*images.Build, error) {
	build, err := images.Of(d.Job, d.Config.Fargate.AllowedImages)
	if err != nil || build == nil {
		return nil, err
	}
	if at := d.Job.BuildsDir; at != "" && !strings.HasPrefix(path.Clean(at), string(d.Volume)+"/") {
		return nil, failure.New("config.toml needs config_exec and config_args for the driver's config, as for prepare.",
			"the job's sources are in %s and not below %s, where its image has them: gitlab-runner has not asked the driver",
			at, d.Volume)
	}
	return build, nil
}

// runTask starts the task and waits until it runs. A job with an image or services may wait for capacity for longer than
// its task definition is there, which whoever deploys deregisters some day: it is registered anew then.
func (d *Driver) runTask(ctx context.Context, known *state.Task, request task.Request, has beside) error {
	if has.nothing() {
		return d.runOnceThereIsRoom(ctx, known, request)
	}
	request.Services = has.services
	for again := false; ; again = true {
		definition, err := d.define(ctx, has)
		if err != nil {
			return err
		}
		d.printf("%s, by task definition %s", has, task.ID(definition))
		request.TaskDefinition = definition
		err = d.runOnceThereIsRoom(ctx, known, request)
		gone := errors.Is(err, task.ErrNoDefinition) && errors.Is(err, task.ErrNotStarted)
		if !gone || again || ctx.Err() != nil {
			return err
		}
		d.Log.Info("the job's task definition was deregistered while the job waited", "arn", definition)
		known.Renew()
	}
}

// String says what it is to the job's log.
func (b beside) String() string {
	var parts []string
	if b.build != nil {
		parts = append(parts, "The job's image is "+b.build.Image)
	}
	if len(b.services) > 0 {
		parts = append(parts, "The job's services are "+strings.Join(imagesOf(b.services), ", "))
	}
	return strings.Join(parts, ". ")
}

// define returns the task definition for it. Where ECS throttles the calls, it tries again for as long as a job
// may wait for capacity; where a right is missing that a deployment may just have granted, for a minute.
func (d *Driver) define(ctx context.Context, has beside) (string, error) {
	add := task.Derived{Build: has.build, Services: has.services, Folder: string(d.Volume)}
	if has.build != nil {
		d.enter(&add)
	}
	arn, err := d.Tasks.Define(ctx, add)
	if err == nil {
		return arn, nil
	}
	budget, known := d.budgetFor(forCapacity, d.Config.Fargate.CapacityTimeout.Duration), d.rightsAreKnown()
	pauses, say := pausesForRoom(), d.growing()
	for {
		left, pause := budget.left(), pauses.NextBackOff()
		if errors.Is(err, task.ErrNoRights) {
			left, pause = time.Until(known), rightsPause
		} else if errors.Is(err, task.ErrThrottled) {
			d.waits(forCapacity)
		} else {
			break
		}
		if left <= 0 {
			break
		}
		say("%v. The job tries again, for %s more at most", err, seconds(left))
		_ = sleep.For(ctx, min(left, pause)) // Where ctx has ended, the next call says so.
		if arn, err = d.Tasks.Define(ctx, add); err == nil {
			return arn, nil
		}
	}
	return "", task.Blame(err, d.Config.Wanted)
}

// joinBuild lets the container of the job's image have ci-agent. It ends as soon as ECS shows that the container has,
// and tells whether it was the connection that was lost.
func (d *Driver) joinBuild(
	ctx context.Context, connection Connection, known *state.Task, has beside,
) (lost bool, err error) {
	if known.Agent == nil {
		return false, failure.New("", "image: needs ci-agent, which the container %s does not have", task.Container)
	}
	build := has.build
	limit := d.Config.SSH.ConnectTimeout.Duration
	ctx, end := whileWatching(ctx, func(ctx context.Context) error { return d.Tasks.Await(ctx, known.ARN, task.BuildEnded) })
	defer end()
	other, err := install.Beside(ctx, connection, known.Agent.Path, d.Volume, namesOf(has.services), limit)
	var unusable *install.Unusable
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.As(err, &unusable):
		err := failure.New("An entry point has to execute its arguments, as `exec \"$@\"` does; `image:entrypoint: [\"\"]` "+
			"leaves it out.", "the job's image %s does not begin with the job: %s", build.Image, printable.Of(unusable.Reason))
		err.Build = true
		return false, err
	case err != nil:
		return true, err
	}
	if other.Unnamed {
		d.printf("The job's image %s lets its user %d not write /etc/hosts: the services are at localhost alone, and not at their "+
			"names", build.Image, other.User)
	}
	known.Build = &state.Build{Protocol: wire.Version, Image: build.Image, Socket: d.Volume.Socket(), User: other.User}
	d.Log.Debug("ci-agent is in the container of the job's image", "image", build.Image, "user", other.User)
	return false, nil
}

// inBuild tells whether a stage is the job's own, which runs in its image, as with GitLab's Docker executor.
func inBuild(stage string) bool {
	return stage == "build_script" || stage == "after_script" || strings.HasPrefix(stage, "step_")
}

// runInBuild runs the script in the container of the job's image.
func (d *Driver) runInBuild(ctx context.Context, known *state.Task, script script, stage string) error {
	if known.Build.Protocol != wire.Version {
		return failure.New("`retry: {when: runner_system_failure}` runs the job again.",
			"the runner's driver was exchanged while the job ran, and ci-agent in the job's image is another one's")
	}
	err := d.runUnderAgent(ctx, known, script, known.Build)
	var ended *failure.Script
	if err == nil || errors.As(err, &ended) || ctx.Err() != nil {
		return err
	}
	if errors.Is(err, attach.ErrNoAgent) {
		return failure.New("", "ci-agent cannot be brought back into the container %s", task.Container)
	}
	// The task goes on without the container, so it is ECS that knows why it has ended, some seconds later.
	wait, cancel := context.WithTimeout(ctx, task.DefaultConsistencyWindow)
	defer cancel()
	if over := d.Tasks.Await(wait, known.ARN, task.BuildEnded); over != nil && wait.Err() == nil {
		d.Log.Debug("the stage failed as its container ended", "error", err)
		return over
	}
	return d.explain(ctx, known, fmt.Errorf("running %s: %w", stage, err))
}

// before is what comes before a stage's script in the coordinator. The stages there are root's, and those in the job's
// image are whoever's: so others may write to what the first ones make.
func (d *Driver) before(known *state.Task, stage string) string {
	text := ""
	if known.Build != nil {
		text = "umask 0000\n"
	}
	if stage == lastStage {
		text += jobIsOver
		if known.Build != nil {
			text += "( : >" + d.Volume.Over() + " ) 2>/dev/null\n"
		}
	}
	return text
}
