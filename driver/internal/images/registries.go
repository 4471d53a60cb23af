package images

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// Registry says how ECS gets at the images of one registry. It has one of the two.
type Registry struct {
	// PullFrom takes the registry's place in an image's name: a pull-through cache of ECR, or a mirror.
	PullFrom string
	// Credentials is the ARN of the secret in Secrets Manager by which ECS logs in at the registry.
	Credentials string
}

// Registries are registries by the domain that an image's name begins with; docker.io is Docker Hub's.
type Registries map[string]Registry

// Source is what ECS pulls an image by.
type Source struct {
	// Name is the image's, there.
	Name string
	// Credentials is the ARN of a secret, empty where there is no need to log in, or the execution role does so.
	Credentials string
}

// Of returns the source of an image whose name is in order. Its error is the job's own failure.
func (r Registries) Of(image string) (Source, error) {
	named, err := reference.ParseDockerRef(image)
	if err != nil {
		return Source{}, rejected("", "%q is no name of an image: %v", image, err)
	}
	registry := r[reference.Domain(named)]
	if registry.PullFrom == "" {
		return Source{Name: image, Credentials: registry.Credentials}, nil
	}
	version := strings.TrimPrefix(named.String(), named.Name())
	name := registry.PullFrom + "/" + reference.Path(named) + version
	if len(name) > longest {
		return Source{}, rejected("", "the image %s is pulled as %s here, which is longer than the %d characters that ECS takes",
			image, name, longest)
	}
	// A mirror may be one that needs a login.
	mirror, err := reference.ParseDockerRef(name)
	if err != nil {
		return Source{}, rejected("", "the image %s is pulled as %s here, which is no name of an image: %v", image, name, err)
	}
	return Source{Name: name, Credentials: r[reference.Domain(mirror)].Credentials}, nil
}

// Check returns all that is wrong with the registries.
func (r Registries) Check() error {
	var errs []error
	for _, domain := range slices.Sorted(maps.Keys(r)) {
		registry := r[domain]
		if !isDomain(domain) {
			errs = append(errs, fmt.Errorf("%q is no registry such as docker.io or registry.example.com", domain))
		}
		switch {
		case (registry.PullFrom == "") == (registry.Credentials == ""):
			errs = append(errs, fmt.Errorf("%s needs either PullFrom or Credentials", domain))
		case registry.PullFrom != "" && !isFolder(registry.PullFrom):
			errs = append(errs, fmt.Errorf("%s: PullFrom: %q is no place in a registry such as "+
				"123456789012.dkr.ecr.eu-central-1.amazonaws.com/docker-hub", domain, registry.PullFrom))
		case registry.Credentials != "" && !isSecret(registry.Credentials):
			errs = append(errs, fmt.Errorf("%s: Credentials: %q is not the ARN of a secret in Secrets Manager", domain,
				registry.Credentials))
		}
	}
	return errors.Join(errs...)
}

// isDomain tells whether images of the domain are asked for under just this name of it.
func isDomain(text string) bool {
	named, err := reference.ParseNormalizedNamed(text + "/owner/image")
	return err == nil && reference.Domain(named) == text
}

// isFolder tells whether an image's path may follow, after a slash. A registry is written out.
func isFolder(text string) bool {
	named, err := reference.ParseNormalizedNamed(text + "/image")
	return err == nil && named.Name() == text+"/image"
}

func isSecret(text string) bool {
	parts := strings.SplitN(text, ":", 7)
	return len(parts) == 7 && parts[0] == "arn" && parts[2] == "secretsmanager" && parts[5] == "secret" && parts[6] != ""
}
