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

// beginReading reads the images of the job and of its services while the job waits for a slot. The call that is returned
// ends it.
func (d *Driver) beginReading(ctx context.Context, has beside) (*reading, context.CancelFunc) {
	if has.nothing() || d.Registry == nil {
		return nil, func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, registry.DefaultLimit)
	begun := &reading{done: make(chan struct{})}
	go func() {
		defer close(begun.done)
		base, err := d.Tasks.Base(ctx)
		if err != nil {
			d.Log.Debug("the job's images are not read from their registries", "error", err)
			return
		}
		begun.architecture = base.Architecture
		var wanted []registry.Wanted
		for _, image := range has.images() {
			wanted = append(wanted, d.wanted(image, base))
		}
		begun.found = d.Registry.ReadAll(ctx, wanted)
	}()
	return begun, cancel
}

// wanted is an image as a task of this base would pull it.
func (d *Driver) wanted(image string, base task.Base) registry.Wanted {
	source, err := d.Config.Fargate.Registries.Of(image)
	if err != nil {
		source = images.Source{Name: image} // Define tells the error.
	}
	return registry.Wanted{
		Image: source.Name, Architecture: base.Architecture, LoggedIn: source.Credentials != "",
		// What takes a registry's place may be a pull-through cache.
		Imported: source.Name != image || registry.SameRepository(image, base.Images),
	}
}

// images are those of the containers beside the coordinator, that of the job's script first.
func (b beside) images() (names []string) {
	if b.build != nil {
		names = append(names, b.build.Image)
	}
	return append(names, imagesOf(b.services)...)
}

// end waits for what is being read, writes into the containers what is known of their images, and returns why no task can
// have one of them. The error is ErrNotStarted.
func (r *reading) end(ctx context.Context, has beside) error {
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return task.NotStarted(context.Cause(ctx))
	}
	found := r.found
	if len(found) == 0 {
		return nil
	}
	if has.build != nil {
		if err := found[0].Trouble("the job's image "+has.build.Image, r.architecture); err != nil {
			return task.NotStarted(err)
		}
		if config := found[0].Config; config != nil {
			has.build.ConfigKnown, has.build.ConfigUser, has.build.ConfigEntrypoint = true, config.User, config.Entrypoint
		}
		found = found[1:]
	}
	for i := range has.services {
		service := &has.services[i]
		if err := found[i].Trouble("the service "+service.Image, r.architecture); err != nil {
			return task.NotStarted(err)
		}
		// A port that the job itself names counts more.
		if config := found[i].Config; config != nil && len(service.Ports) == 0 {
			service.Ports = config.Ports
		}
	}
	return nil
}
