package stage

import (
	"context"
	"slices"
	"time"

	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/registry"
	"gitlab-fargate-runners/driver/internal/task"
)

// Registry reads images from where tasks pull them; *registry.Reader has it.
type Registry interface {
	ReadAll(ctx context.Context, wanted []registry.Wanted) []registry.Found
}

// readingIsNew is how old what was read may be. A job may wait for a slot for longer, and its image be pushed meanwhile.
const readingIsNew = 10 * time.Second

// reading is what is being read for a job.
type reading struct {
	driver *Driver
	has    beside

	done         chan struct{}
	at           time.Time
	architecture string
	// found is in the order of beside.images, and empty where nothing could be read.
	found []registry.Found
}

// beginReading reads the images of the job and of its services while the job waits for a slot. The function that it
// returns ends it.
func (d *Driver) beginReading(ctx context.Context, has beside) (*reading, context.CancelFunc) {
	if has.nothing() || d.Registry == nil {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	begun := &reading{driver: d, has: has, done: make(chan struct{})}
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
		r.driver.Log.Debug("the job's images are not read from their registries", "error", err)
		r.found = nil
		return
	}
	r.at, r.architecture = time.Now(), base.Architecture
	var wanted []registry.Wanted
	for _, image := range r.has.images() {
		wanted = append(wanted, r.driver.wanted(image, base.Architecture))
	}
	r.found = r.driver.Registry.ReadAll(ctx, wanted)
	for i, image := range r.has.images() {
		// The logs of public projects are public, and the job has not named what takes its registry's place.
		if wanted[i].Image != image {
			r.found[i].Registry, r.found[i].Reason = "what it is pulled from here", "no such image"
		}
	}
}

// wanted is an image as a task would pull it.
func (d *Driver) wanted(image, architecture string) registry.Wanted {
	source, err := d.Config.Fargate.Registries.Of(image)
	if err != nil {
		source = images.Source{Name: image} // Define tells the error.
	}
	return registry.Wanted{Image: source.Name, Architecture: architecture, LoggedIn: source.Credentials != ""}
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
func (r *reading) end(ctx context.Context) error {
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return task.NotStarted(context.Cause(ctx))
	}
	if r.anything() && time.Since(r.at) > readingIsNew {
		r.read(ctx)
	}
	if err := r.trouble(); err != nil {
		return task.NotStarted(err)
	}
	r.fill()
	return nil
}

// anything tells whether a registry has answered. One that has not is not asked a second time.
func (r *reading) anything() bool {
	return slices.ContainsFunc(r.found, func(one registry.Found) bool { return one.Outcome != registry.Unknown })
}

// parts are what was found of the job's image and of its services: nil for the image, and nothing for services, of which
// nothing is known.
func (r *reading) parts() (build *registry.Found, services []registry.Found) {
	if r.has.build == nil || len(r.found) == 0 {
		return nil, r.found
	}
	return &r.found[0], r.found[1:]
}

// trouble returns why no task can have one of the images.
func (r *reading) trouble() error {
	build, services := r.parts()
	if build != nil {
		if err := build.Trouble("the job's image "+r.has.build.Image, r.architecture); err != nil {
			return err
		}
	}
	for i, one := range services {
		if err := one.Trouble("the service "+r.has.services[i].Image, r.architecture); err != nil {
			return err
		}
	}
	return nil
}

// fill writes into the containers what is known of their images.
func (r *reading) fill() {
	build, services := r.parts()
	if build != nil && build.Config != nil {
		own := r.has.build
		own.ConfigKnown, own.ConfigUser, own.ConfigEntrypoint = true, build.Config.User, build.Config.Entrypoint
	}
	for i, one := range services {
		// A port that the job itself names counts more.
		if service := &r.has.services[i]; one.Config != nil && len(service.Ports) == 0 {
			service.Ports = one.Config.Ports
		}
	}
}
