package job

import (
	"os"
	"strings"
)

// Service is an entry of a job's `services:`.
type Service struct {
	// Image is the name of its image.
	Image string
	ImageOptions
	// Command takes the place of the image's own. It is empty where the job leaves that one.
	Command []string
	// Aliases are the names that the job gives to the service, besides those that its image's name gives.
	Aliases []string
	// Variables are those that the service gets, each name once. They may hold what nobody else is to read.
	Variables []Variable
}

// Variable is a variable with its value.
type Variable struct{ Name, Value string }

// debugServices is the variable by which a job asks for its services' logs.
// https://docs.gitlab.com/ci/services/#capturing-service-container-logs
const debugServices = "CI_DEBUG_SERVICES"

// services returns the services with all variables put in, as gitlab-runner does for its Docker executor.
// https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v19.4.0/common/build.go (expandContainerOptions)
func (p *payload) services(values values) (services []Service) {
	for _, one := range p.Services {
		service := Service{
			Image: values.expand(one.Name), ImageOptions: one.options(values.expand), Command: one.Command,
			Aliases: strings.Fields(strings.ReplaceAll(values.expand(one.Alias), ",", " ")),
		}
		own := values.with(one.Variables)
		for _, variable := range p.Variables {
			if variable.Public && !variable.File && !isPredefined(variable.Key) {
				service.set(variable.Key, own.of(variable))
			}
		}
		for _, variable := range one.Variables {
			service.set(variable.Key, own.of(variable))
		}
		services = append(services, service)
	}
	return services
}

// set replaces the value that an earlier variable of the name has.
func (s *Service) set(name, value string) {
	for i := range s.Variables {
		if s.Variables[i].Name == name {
			s.Variables[i].Value = value
			return
		}
	}
	s.Variables = append(s.Variables, Variable{name, value})
}

// predefined are the beginnings of names that GitLab and gitlab-runner give to variables of their own, or that are for
// the runner. Services get none of them: ECS limits what all containers of a task are given to 8192 characters, and
// GitLab's own variables alone are as long.
var predefined = []string{"CI_", "GITLAB_", "RUNNER_", "FARGATE_", "FF_", "GIT_", "CACHE_", "ARTIFACT_", "DOCKER_AUTH_CONFIG",
	"TRANSFER_METER_FREQUENCY", "CHAT_", "TRIGGER_PAYLOAD"}

func isPredefined(name string) bool {
	for _, prefix := range predefined {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "CI"
}

// values looks up the runner's variables, all of which it hands on to the driver with their values put in.
type values func(name string) string

// of returns the variable's value with the others put in.
func (v values) of(variable variable) string {
	if variable.Raw {
		return variable.Value
	}
	return v.expand(variable.Value)
}

// expand puts variables into a text as gitlab-runner does, for which $$ is a dollar sign.
func (v values) expand(text string) string {
	return os.Expand(text, func(name string) string {
		if name == "$" {
			return name
		}
		return v("CUSTOM_ENV_" + name)
	})
}

// with lets variables of a service count more than the job's.
func (v values) with(own []variable) values {
	return func(name string) string {
		for i := len(own) - 1; i >= 0; i-- {
			if "CUSTOM_ENV_"+own[i].Key == name {
				if own[i].Raw {
					return own[i].Value
				}
				return v.expand(own[i].Value)
			}
		}
		return v(name)
	}
}
