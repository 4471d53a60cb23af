package images

import (
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/job"
)

// Build is the container in which a job's script runs.
type Build struct {
	// Image is the image's name, as short as it can be written.
	Image string
	// Entrypoint takes the place of the image's own, which stays where this is empty.
	Entrypoint []string
	// User takes the place of the image's own, which stays where this is empty.
	User string
	// Architecture is GOARCH of the platform that the job asks for, empty where it asks for none.
	Architecture string
	// ConfigKnown is true where the image's config was read from its registry. ConfigUser is its user then, root where it
	// names none.
	ConfigKnown bool
	ConfigUser  string
}

// longest is how long ECS lets an image's name be.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
const longest = 255

// users are what ECS takes as a container's user, by name or number, with a group or without.
var users = regexp.MustCompile(`^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?$`)

// Of returns the container that the job asks for, nil where its image counts for nothing: where it names none, or the
// runner allows no images. Its error is the job's own failure.
func Of(wanted job.Job, allowed []string) (*Build, error) {
	if wanted.Image == "" || len(allowed) == 0 {
		return nil, nil
	}
	image, err := reference.ParseDockerRef(wanted.Image)
	switch {
	case err != nil:
		return nil, rejected("", "image: %q is no name of an image: %v", wanted.Image, err)
	case len(image.String()) > longest:
		return nil, rejected("", "image: %q is longer than the %d characters that ECS takes", wanted.Image, longest)
	case !isAllowed(image, allowed):
		return nil, rejected("Choose one of them, or ask the runner's owner to add it.",
			"image: %s is not among those that this runner allows (Fargate.AllowedImages): %s", image,
			strings.Join(allowed, ", "))
	}
	options := wanted.ImageOptions
	architecture, err := architectureOf(options.Platform)
	switch {
	case err != nil:
		return nil, err
	case len(options.PullPolicies) > 0 && !slices.ContainsFunc(options.PullPolicies, pulls):
		return nil, rejected("Leave it out, or choose always.",
			"pull_policy: %s cannot be had: Fargate keeps no images and pulls them for each task",
			strings.Join(options.PullPolicies, ", "))
	case options.User != "" && !users.MatchString(options.User):
		return nil, rejected("", "image:docker:user: %q is no user that ECS takes, such as node, 1000 or 1000:1000",
			options.User)
	case len(wanted.Services) > 0:
		return nil, rejected("Take services: out of the job, or let the task definition have containers for them.",
			"services: (%s) cannot be had together with image: on this runner", strings.Join(wanted.Services, ", "))
	}
	return &Build{
		Image: reference.FamiliarString(image), Entrypoint: options.Entrypoint, User: options.User,
		Architecture: architecture,
	}, nil
}

// pulls tells whether a pull policy has the image pulled. Where it is not there, if-not-present does that too.
func pulls(policy string) bool { return policy == "always" || policy == "if-not-present" }

// architectures are GOARCH by the names that Docker takes.
var architectures = map[string]string{
	"amd64": "amd64", "x86_64": "amd64", "x86-64": "amd64", "arm64": "arm64", "aarch64": "arm64",
}

// architectureOf reads linux/arm64, linux/arm64/v8, or arm64 alone.
func architectureOf(platform string) (string, error) {
	if platform == "" {
		return "", nil
	}
	os, machine, both := strings.Cut(strings.ToLower(platform), "/")
	if !both {
		os, machine = "linux", os
	}
	machine, _, _ = strings.Cut(machine, "/")
	if arch := architectures[machine]; arch != "" && os == "linux" {
		return arch, nil
	}
	return "", rejected("", "image:docker:platform: %q cannot be had: Fargate has linux/amd64 and linux/arm64", platform)
}

func rejected(hint, format string, args ...any) error {
	err := failure.New(hint, format, args...)
	err.Build = true
	return err
}

// Command returns entry point and command of a container that is to run the script by sh, as GitLab's Docker executor
// has them: the image's entry point, or the job's in its place, gets a command that it is to execute.
func (b Build) Command(script string) (entrypoint, command []string) {
	switch last := len(b.Entrypoint) - 1; {
	case last < 0:
		return nil, []string{"sh", "-c", script}
	case last == 0 && b.Entrypoint[0] == "": // no entry point at all
		return []string{"sh"}, []string{"-c", script}
	case b.Entrypoint[last] == "-c":
		// A shell that takes one text. The Docker executor's shell reads the script from standard input there.
		return b.Entrypoint, []string{script}
	}
	return b.Entrypoint, []string{"sh", "-c", script}
}
