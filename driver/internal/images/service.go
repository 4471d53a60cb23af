package images

import (
	"fmt"
	"strconv"
	"strings"

	"gitlab-fargate-runners/driver/internal/job"
)

// Service is a container beside the job's, which the job finds at localhost and by names.
type Service struct {
	// Image is the image's name, as short as it can be written.
	Image string
	// Entrypoint and Command take the place of the image's own, which stay where these are empty.
	Entrypoint, Command []string
	// User takes the place of the image's own, which stays where this is empty.
	User string
	// Architecture is GOARCH of the platform that the job asks for, empty where it asks for none.
	Architecture string
	// Names are the host names by which the job finds the service.
	Names []string
	// Ports are those at which it listens, as far as they are known: the one that the job names, or else those of its
	// image's config. It is up when one of them takes a connection.
	Ports []int
	// Variables are those that the service gets. They must not stand in a task definition or in a log.
	Variables []job.Variable
}

// healthcheckPort is the variable by which a service names the one port at which it is up.
const healthcheckPort = "HEALTHCHECK_TCP_PORT"

// ServicesOf returns the containers that the job's `services:` ask for, and sentences for the job's log about what of them
// counts for nothing. It returns none where the runner allows none. Its error is the job's own failure.
func ServicesOf(wanted job.Job, allowed []string, withImage bool) (services []Service, told []string, err error) {
	if len(allowed) == 0 {
		if withImage && len(wanted.Services) > 0 {
			return nil, nil, rejected("Take services: out of the job, or ask the runner's owner to allow some: by "+
				serviceKeyword.key+" in fargate.toml, or by the stack's setting "+serviceKeyword.setting+".",
				"services: (%s) cannot be had together with image: on this runner", strings.Join(ImagesOf(wanted), ", "))
		}
		return nil, nil, nil
	}
	taken := map[string]bool{}
	for i, one := range wanted.Services {
		image, architecture, err := serviceKeyword.check(one.Image, one.ImageOptions, allowed)
		if err != nil {
			return nil, nil, err
		}
		names, skipped := namesFor(i, one, taken)
		told = append(told, skipped...)
		if len(names) == 0 {
			told = append(told, fmt.Sprintf("services[%d] %s is not started: another service has all of its names; alias: gives it "+
				"one of its own", i, one.Image))
			continue
		}
		ports, err := portsOf(one)
		if err != nil {
			return nil, nil, err
		}
		service := Service{
			Image: image, Entrypoint: one.Entrypoint, Command: one.Command, User: one.User,
			Architecture: architecture, Names: names, Ports: ports, Variables: one.Variables,
		}
		if err := service.leaveOutEntrypoint(); err != nil {
			return nil, nil, err
		}
		services = append(services, service)
	}
	return services, told, nil
}

// ImagesOf returns the images of the job's services, as the job names them.
func ImagesOf(wanted job.Job) (names []string) {
	for _, one := range wanted.Services {
		names = append(names, one.Image)
	}
	return names
}

// leaveOutEntrypoint makes the command's first word the entry point where the job wants none at all, by [""].
func (s *Service) leaveOutEntrypoint() error {
	switch {
	case len(s.Entrypoint) != 1 || s.Entrypoint[0] != "":
		return nil
	case len(s.Command) == 0:
		return rejected("Name the program and its arguments by command:.",
			`services: %s has the entry point [""] and no command, and ECS does not leave out an image's entry point alone`, s.Image)
	}
	s.Entrypoint, s.Command = s.Command[:1], s.Command[1:]
	return nil
}

// portsOf returns the port that the service's variables name, as gitlab-runner reads it.
func portsOf(service job.Service) ([]int, error) {
	for _, variable := range service.Variables {
		if !strings.EqualFold(variable.Name, healthcheckPort) {
			continue
		}
		port, err := strconv.Atoi(variable.Value)
		if err != nil || port < 1 || port > 65535 {
			return nil, rejected("It is a number between 1 and 65535.", "services: %s of %s is no port", healthcheckPort,
				service.Image)
		}
		return []int{port}, nil
	}
	return nil, nil
}

// Collisions returns a sentence for each two services that name the same port: all have one network in a task.
func Collisions(services []Service) (told []string) {
	type pair struct{ one, other int }
	first, known := map[int]int{}, map[pair]bool{}
	for i, one := range services {
		for _, port := range one.Ports {
			other, has := first[port]
			switch {
			case !has:
				first[port] = i
			case other != i && !known[pair{other, i}]:
				known[pair{other, i}] = true
				told = append(told, fmt.Sprintf("The services %s and %s both name port %d, and all containers of a task have one "+
					"network: where both listen there, one of them fails", services[other].Image, one.Image, port))
			}
		}
	}
	return told
}
