package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
)

// servicePrefix begins the names of the containers of a job's services.
const servicePrefix = "ci-service-"

// mostContainers is how many containers ECS takes in a task definition.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const mostContainers = 10

// ServiceContainer is the name of the container of a job's service; the first one's index is 0.
func ServiceContainer(index int) string { return fmt.Sprint(servicePrefix, index+1) }

// isService tells whether it is such a name. A task definition may have containers of its own whose names begin alike.
func isService(name *string) bool {
	index, err := strconv.Atoi(strings.TrimPrefix(aws.ToString(name), servicePrefix))
	return err == nil && index > 0 && ServiceContainer(index-1) == aws.ToString(name)
}

// servicesBeside are the containers of the services beside the job's own. They share its network, and have neither its
// volumes nor its variables. What a service's variables are is said in RunTask: whoever may read task definitions must
// not find them there.
func servicesBeside(job *types.ContainerDefinition, services []images.Service) (containers []types.ContainerDefinition) {
	for i, one := range services {
		container := types.ContainerDefinition{
			Name: aws.String(ServiceContainer(i)), Image: aws.String(one.Image), EntryPoint: one.Entrypoint, Command: one.Command,
			// A job goes on without its service, as with GitLab's Docker executor, and its script fails where it needs it.
			Essential: aws.Bool(false), LogConfiguration: job.LogConfiguration, StopTimeout: aws.Int32(serviceStop),
		}
		if one.User != "" {
			container.User = aws.String(one.User)
		}
		containers = append(containers, container)
	}
	return containers
}

// serviceStop is how long a service has to end, in seconds, once its job has. It has nothing to save.
const serviceStop = 2

// onServices lets a container of the job's start after the services have, and so end before ECS stops them: a job that
// goes on while its task has to stop, as where AWS takes spot capacity back, has its services to its end.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func onServices(services []images.Service) (all []types.ContainerDependency) {
	for i := range services {
		all = append(all, types.ContainerDependency{
			ContainerName: aws.String(ServiceContainer(i)), Condition: types.ContainerConditionStart,
		})
	}
	return all
}

// servicesUsable tells why the task definition cannot have these services.
func servicesUsable(base *types.TaskDefinition, add Derived, has string) error {
	name := aws.ToString(base.Family)
	sameName := func(one types.ContainerDefinition) bool { return isService(one.Name) }
	if len(add.Services) > 0 && slices.ContainsFunc(base.ContainerDefinitions, sameName) {
		return failure.New("Give the container another name.",
			"the task definition %s has a container whose name is %s and a number, as those of a job's services", name, servicePrefix)
	}
	for _, one := range add.Services {
		if one.Architecture != "" && one.Architecture != has {
			return otherPlatform("services", one.Architecture, name, has)
		}
	}
	own := len(base.ContainerDefinitions)
	if add.Build != nil {
		own++
	}
	if room := mostContainers - own; len(add.Services) > room {
		err := failure.New("Take services out of the job, or put two of them into one image.",
			"services: a job can have %d on this runner, and this one has %d: ECS takes %d containers in a task, of which %d are "+
				"the runner's and the job's", room, len(add.Services), mostContainers, own)
		err.Build = true
		return err
	}
	return nil
}
