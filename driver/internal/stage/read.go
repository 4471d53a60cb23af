package stage

import (
	"context"
	"time"

	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/registry"
	"gitlab-fargate-runners/driver/internal/task"
)

// Registry reads images from where tasks pull them; *registry.Reader has it.
type Registry interface {
	ReadAll(ctx context.Context, wanted []registry.Wanted) []registry.Found
}

// readingIsNew is how old what speaks against an image may be. A job may wait for a slot for longer.
const readingIsNew = 10 * time.Second

// reading is what is being read for a job.
type reading struct {
	driver *Driver
	build  *images.Build

	done         chan struct{}
	at           time.Time
	architecture string
	found        []registry.Found
}

// beginReading reads the job's image while the job waits for a slot. The function that it returns ends it.
func (d *Driver) beginReading(ctx context.Context, build *images.Build) (*reading, context.CancelFunc) {
	if build == nil || d.Registry == nil {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	begun := &reading{driver: d, build: build, done: make(chan struct{})}
	go func() {
		defer close(begun.done)
		begun.read(ctx)
	}()
	return begun, cancel
}

func (r *reading) read(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, registry.DefaultLimit)
	defer cancel()
	base, err := r.driver.Tasks.Base(ctx)
	if err != nil {
		r.driver.Log.Debug("the job's image is not read from its registry", "error", err)
		r.found = nil
		return
	}
	r.at, r.architecture = time.Now(), base.Architecture
	r.found = r.driver.Registry.ReadAll(ctx, []registry.Wanted{{Image: r.build.Image, Architecture: base.Architecture}})
}

// end waits for what is being read, writes into the container what is known of its image, and returns why no task can
// have that. The error is ErrNotStarted.
func (r *reading) end(ctx context.Context) error {
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return task.NotStarted(context.Cause(ctx))
	}
	if r.trouble() != nil && time.Since(r.at) > readingIsNew {
		r.read(ctx)
	}
	if err := r.trouble(); err != nil {
		return task.NotStarted(err)
	}
	if len(r.found) > 0 && r.found[0].Config != nil {
		r.build.ConfigKnown, r.build.ConfigUser = true, r.found[0].Config.User
	}
	return nil
}

func (r *reading) trouble() error {
	if len(r.found) == 0 {
		return nil
	}
	return r.found[0].Trouble("the job's image "+r.build.Image, r.architecture)
}
