package stage

import (
	"context"

	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/registry"
	"gitlab-fargate-runners/driver/internal/task"
)

// Registry reads images from where tasks pull them; *registry.Reader has it.
type Registry interface {
	ReadAll(ctx context.Context, wanted []registry.Wanted) []registry.Found
}

// reading is what is being read for a job.
type reading struct {
	done         chan struct{}
	architecture string
	found        []registry.Found
}

// beginReading reads the job's image while the job waits for a slot. The call that is returned ends it.
func (d *Driver) beginReading(ctx context.Context, build *images.Build) (*reading, context.CancelFunc) {
	if build == nil || d.Registry == nil {
		return nil, func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, registry.DefaultLimit)
	begun := &reading{done: make(chan struct{})}
	go func() {
		defer close(begun.done)
		base, err := d.Tasks.Base(ctx)
		if err != nil {
			d.Log.Debug("the job's image is not read from its registry", "error", err)
			return
		}
		begun.architecture = base.Architecture
		begun.found = d.Registry.ReadAll(ctx, []registry.Wanted{{
			Image: build.Image, Architecture: base.Architecture, Imported: registry.SameRepository(build.Image, base.Images),
		}})
	}()
	return begun, cancel
}

// end waits for what is being read, writes into the container what is known of its image, and returns why no task can
// have that. The error is ErrNotStarted.
func (r *reading) end(ctx context.Context, build *images.Build) error {
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return task.NotStarted(context.Cause(ctx))
	}
	if len(r.found) == 0 {
		return nil
	}
	found := r.found[0]
	if found.Config != nil {
		build.ConfigUser = found.Config.User
	}
	if err := found.Trouble("the job's image "+build.Image, r.architecture); err != nil {
		return task.NotStarted(err)
	}
	return nil
}
