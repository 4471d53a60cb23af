package task

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
)

// BuildContainer is the container of a job's own image. It runs beside Container, in which the job's sources, cache and
// artifacts are handled.
const BuildContainer = "ci-build"

// buildVolume is the volume that both containers have.
const buildVolume = "ci-job"

// derivedInfix stands between a task definition's family and what tells those apart that are derived from it.
const derivedInfix = "-image-"

// longestFamily is how long ECS lets a family be.
const longestFamily = 255

// Derived is what the driver adds to a task definition for a job with an image or services.
type Derived struct {
	// Build is nil where the job's script runs in Container, and Services are empty where it has none.
	Build    *images.Build
	Services []images.Service
	// Script is what sh runs in the job's image, after its entry point, or First, in the place of that.
	Script string
	First  bool
	// Folder is where the containers of the job and of its image have the volume.
	Folder string
	// Tags are put on the task definition, besides the ones of that from which it is derived.
	Tags map[string]string
}

// derive returns the definition that is to be registered. Its family is named after its content, so each host that needs
// the same one finds it.
func derive(base *types.TaskDefinition, baseTags []types.Tag, add Derived) (*ecs.RegisterTaskDefinitionInput, error) {
	if err := usable(base, add); err != nil {
		return nil, err
	}
	containers, volumes := slices.Clone(base.ContainerDefinitions), slices.Clone(base.Volumes)
	job := &containers[slices.IndexFunc(containers, named(Container))]
	added := servicesBeside(job, add.Services)
	job.DependsOn = append(slices.Clone(job.DependsOn), onServices(add.Services)...)
	if add.Build != nil {
		job.MountPoints = append(slices.Clone(job.MountPoints),
			types.MountPoint{SourceVolume: aws.String(buildVolume), ContainerPath: aws.String(add.Folder)})
		volumes = append(volumes, types.Volume{Name: aws.String(buildVolume)})
		added = append([]types.ContainerDefinition{buildBeside(job, add)}, added...)
	}
	input := &ecs.RegisterTaskDefinitionInput{
		ContainerDefinitions: sorted(append(containers, added...)), Cpu: base.Cpu, Memory: base.Memory,
		EnableFaultInjection: base.EnableFaultInjection, EphemeralStorage: base.EphemeralStorage,
		ExecutionRoleArn: base.ExecutionRoleArn, IpcMode: base.IpcMode, NetworkMode: base.NetworkMode,
		PidMode: base.PidMode, PlacementConstraints: constraints(base), ProxyConfiguration: base.ProxyConfiguration,
		RequiresCompatibilities: base.RequiresCompatibilities, RuntimePlatform: base.RuntimePlatform,
		TaskRoleArn: base.TaskRoleArn, Tags: tagged(baseTags, add.Tags), Volumes: volumes,
	}
	family, err := familyOf(aws.ToString(base.Family), input)
	input.Family = aws.String(family)
	return input, err
}

// buildBeside is the container of the job's image beside the job's own.
func buildBeside(job *types.ContainerDefinition, add Derived) types.ContainerDefinition {
	entrypoint, command := add.Build.Command(add.Script)
	if add.First {
		entrypoint, command = []string{"sh"}, []string{"-c", add.Script}
	}
	build := types.ContainerDefinition{
		Name: aws.String(BuildContainer), Image: aws.String(add.Build.Image), EntryPoint: entrypoint, Command: command,
		// The task outlives it: after the end of a job's container its artifacts are still there, and the reason of the end.
		Essential: aws.Bool(false), MountPoints: job.MountPoints,
		// ECS puts the container's name into the name of the log's stream.
		LogConfiguration: job.LogConfiguration, Ulimits: job.Ulimits, LinuxParameters: job.LinuxParameters,
		StopTimeout: job.StopTimeout, DependsOn: onServices(add.Services),
	}
	if user := add.Build.StartUser(len(add.Services) > 0); user != "" {
		build.User = aws.String(user)
	}
	return build
}

// usable tells why no definition can be derived from this one.
func usable(base *types.TaskDefinition, add Derived) error {
	name := aws.ToString(base.Family)
	has := "amd64"
	if base.RuntimePlatform != nil && base.RuntimePlatform.CpuArchitecture == types.CPUArchitectureArm64 {
		has = "arm64"
	}
	switch {
	case base.Status != types.TaskDefinitionStatusActive:
		return failure.New("Check Fargate.TaskDefinition in fargate.toml, or FARGATE_TASK_DEFINITION of the job.",
			"the task definition %s is %s", name, strings.ToLower(string(base.Status)))
	case !slices.ContainsFunc(base.ContainerDefinitions, named(Container)):
		return failure.New("", "the task definition %s has no container with the name %s", name, Container)
	case add.Build != nil && slices.ContainsFunc(base.ContainerDefinitions, named(BuildContainer)):
		return failure.New("Give the container another name.",
			"the task definition %s has a container %s, which is the name of the one of a job's image", name, BuildContainer)
	case add.Build != nil && add.Build.Architecture != "" && add.Build.Architecture != has:
		return otherPlatform("image", add.Build.Architecture, name, has)
	}
	return servicesUsable(base, add, has)
}

// otherPlatform is the job's own failure where it asks for a platform that the task has not.
func otherPlatform(keyword, wanted, definition, has string) error {
	err := failure.New("Leave it out; or choose a task definition of that architecture, where the runner allows one.",
		"%s:docker:platform: linux/%s cannot be had: the tasks of %s are linux/%s", keyword, wanted, definition, has)
	err.Build = true
	return err
}

func named(name string) func(types.ContainerDefinition) bool {
	return func(one types.ContainerDefinition) bool { return aws.ToString(one.Name) == name }
}

// sorted puts variables and secrets, which ECS may tell in any order, into one.
func sorted(containers []types.ContainerDefinition) []types.ContainerDefinition {
	for i := range containers {
		one := &containers[i]
		one.Environment, one.Secrets = slices.Clone(one.Environment), slices.Clone(one.Secrets)
		slices.SortFunc(one.Environment, func(a, b types.KeyValuePair) int {
			return cmp.Compare(aws.ToString(a.Name), aws.ToString(b.Name))
		})
		slices.SortFunc(one.Secrets, func(a, b types.Secret) int {
			return cmp.Compare(aws.ToString(a.Name), aws.ToString(b.Name))
		})
	}
	return containers
}

// constraints are nil where there are none, as ECS takes none for Fargate.
func constraints(base *types.TaskDefinition) []types.TaskDefinitionPlacementConstraint {
	if len(base.PlacementConstraints) == 0 {
		return nil
	}
	return base.PlacementConstraints
}

// tagged merges the tags and leaves out AWS's own, which nobody else may set. They are sorted.
func tagged(base []types.Tag, more map[string]string) []types.Tag {
	var all []types.Tag
	for _, tag := range base {
		_, replaced := more[aws.ToString(tag.Key)]
		if !replaced && !strings.HasPrefix(strings.ToLower(aws.ToString(tag.Key)), "aws:") {
			all = append(all, tag)
		}
	}
	for key, value := range more {
		all = append(all, types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	slices.SortFunc(all, func(a, b types.Tag) int { return cmp.Compare(aws.ToString(a.Key), aws.ToString(b.Key)) })
	return all
}

func familyOf(base string, input *ecs.RegisterTaskDefinitionInput) (string, error) {
	content, err := json.Marshal(input)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	own := derivedInfix + hex.EncodeToString(sum[:10])
	return base[:min(len(base), longestFamily-len(own))] + own, nil
}
