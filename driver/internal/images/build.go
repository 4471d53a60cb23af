package images

import (
	"cmp"
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
	// ConfigEntrypoint is the entry point of that config, empty where it has none.
	ConfigEntrypoint []string
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
	image, architecture, err := imageKeyword.check(wanted.Image, wanted.ImageOptions, allowed)
	if err != nil {
		return nil, err
	}
	return &Build{
		Image: image, Entrypoint: wanted.ImageOptions.Entrypoint, User: wanted.ImageOptions.User,
		Architecture: architecture,
	}, nil
}

// keyword is a keyword of the job's that names an image, with who allows it.
type keyword struct {
	name, key, setting string
	// pulling is the keyword that chooses the pull policy.
	pulling string
}

var (
	imageKeyword   = keyword{"image", "Fargate.AllowedImages", "images.allowed", "pull_policy"}
	serviceKeyword = keyword{"services", "Fargate.AllowedServices", "services.allowed", "services:pull_policy"}
)

// check returns the image's name, as short as it can be written, and the architecture that the job asks for. Its error is
// the job's own failure.
func (k keyword) check(name string, options job.ImageOptions, allowed []string) (image, architecture string, err error) {
	parsed, err := reference.ParseDockerRef(name)
	switch {
	case err != nil:
		return "", "", rejected("", "%s: %q is no name of an image: %v", k.name, name, err)
	case len(parsed.String()) > longest:
		return "", "", rejected("", "%s: %q is longer than the %d characters that ECS takes", k.name, name, longest)
	case !isAllowed(parsed, allowed):
		return "", "", rejected("Choose one of them, or ask the runner's owner to add it: to "+k.key+" in fargate.toml, or to "+
			"the stack's setting "+k.setting+".",
			"%s: %s is not among those that this runner allows (%s): %s", k.name, parsed, k.key, strings.Join(allowed, ", "))
	}
	architecture, err = k.architectureOf(options.Platform)
	switch {
	case err != nil:
		return "", "", err
	case len(options.PullPolicies) > 0 && !slices.ContainsFunc(options.PullPolicies, pulls):
		return "", "", rejected("Leave it out, or choose always.",
			"%s: %s cannot be had: Fargate keeps no images and pulls them for each task", k.pulling,
			strings.Join(options.PullPolicies, ", "))
	case options.User != "" && !users.MatchString(options.User):
		return "", "", rejected("", "%s:docker:user: %q is no user that ECS takes, such as node, 1000 or 1000:1000", k.name,
			options.User)
	}
	return reference.FamiliarString(parsed), architecture, nil
}

// pulls tells whether a pull policy has the image pulled. Where it is not there, if-not-present does that too.
func pulls(policy string) bool { return policy == "always" || policy == "if-not-present" }

// architectures are GOARCH by the names that Docker takes.
var architectures = map[string]string{
	"amd64": "amd64", "x86_64": "amd64", "x86-64": "amd64", "arm64": "arm64", "aarch64": "arm64",
}

// architectureOf reads linux/arm64, linux/arm64/v8, or arm64 alone.
func (k keyword) architectureOf(platform string) (string, error) {
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
	return "", rejected("", "%s:docker:platform: %q cannot be had: Fargate has linux/amd64 and linux/arm64", k.name,
		platform)
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

// StartUser is the user by whom the container starts; empty where that is the image's own. A container beside services
// starts as root, so that it can have their names in /etc/hosts before it becomes its user, where that user is known and
// so is the entry point: one that nobody knows would be run by root.
func (b Build) StartUser(besideServices bool) string {
	if besideServices && b.RunUser() != "" && b.WithEntrypoint() != nil {
		return "0"
	}
	return b.User
}

// RunUser is the user by whom the container's processes are to be run, whoever starts it; empty where nobody knows a user
// or it is root anyway.
func (b Build) RunUser() string {
	user := cmp.Or(b.User, b.ConfigUser)
	if name, _, _ := strings.Cut(user, ":"); name == "" || name == "root" || name == "0" {
		return ""
	}
	return user
}

// WithEntrypoint returns the container with its image's own entry point as if the job had named it, or with the job's;
// nil where nobody knows which one it has.
func (b Build) WithEntrypoint() *Build {
	switch {
	case len(b.Entrypoint) > 0:
	case !b.ConfigKnown:
		return nil
	case len(b.ConfigEntrypoint) > 0:
		b.Entrypoint = b.ConfigEntrypoint
	default:
		b.Entrypoint = []string{""}
	}
	return &b
}
