package stage

import (
	"context"
	"errors"
	"slices"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/install"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/printable"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// services returns the containers of the job's services, and tells the job's log what of them counts for nothing.
func (d *Driver) services(withImage bool) ([]images.Service, error) {
	services, told, err := images.ServicesOf(d.Job, d.Config.Fargate.AllowedServices, withImage)
	d.tellAll(told)
	return services, err
}

func (d *Driver) tellAll(lines []string) {
	for _, line := range lines {
		d.printf("%s", printable.Of(line))
	}
}

// enter adds to a derived definition what its container of the job's image runs. Beside services ci-agent comes before the
// image's entry point where the container starts as root, which is to run nothing else.
func (d *Driver) enter(add *task.Derived) {
	if len(add.Services) == 0 {
		add.Script = d.Volume.Waiting(install.Entrance{})
		return
	}
	first := install.Entrance{Hosts: d.HostsFile, User: add.Build.RunUser()}
	add.Script = d.Volume.Waiting(first)
	if known := add.Build.WithEntrypoint(); first.User != "" && known != nil {
		entrypoint, command := known.Command(d.Volume.Serving())
		add.Script, add.First = d.Volume.Entering(first, slices.Concat(entrypoint, command)), true
	}
}

func imagesOf(services []images.Service) (names []string) {
	for _, one := range services {
		names = append(names, one.Image)
	}
	return names
}

func namesOf(services []images.Service) (names []string) {
	for _, one := range services {
		names = append(names, one.Names...)
	}
	return names
}

// answering bounds a question to ci-agent: a connection that gives no answer in time counts as lost.
func answering(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, failure.New("", "the connection gave no answer within %s", limit))
}

// nameServices lets the coordinator find the services by their names, and tells whether it was the connection that was
// lost.
func (d *Driver) nameServices(
	ctx context.Context, connection Connection, known *state.Task, services []images.Service,
) (lost bool, err error) {
	if known.Agent == nil {
		return false, failure.New("", "services: need ci-agent, which the container %s does not have", task.Container)
	}
	if known.Services == nil { // and not what an attempt before has told of them
		for _, one := range services {
			known.Services = append(known.Services, state.Service{Image: one.Image, Name: one.Names[0]})
		}
	}
	bounded, cancel := answering(ctx, d.Config.SSH.ConnectTimeout.Duration)
	defer cancel()
	err = install.Name(bounded, connection, known.Agent.Path, d.HostsFile, namesOf(services))
	var unusable *install.Unusable
	if errors.As(err, &unusable) {
		d.printf("The container %s does not let its user write /etc/hosts: the services are at localhost alone there, and not at "+
			"their names: %s", task.Container, printable.Of(unusable.Reason))
		return false, nil
	}
	return err != nil, err
}
