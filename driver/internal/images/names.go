package images

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"gitlab-fargate-runners/driver/internal/job"
)

// isHostName tells whether /etc/hosts can hold the name: those by RFC 1123, and the underscores that GitLab's own rule
// makes.
func isHostName(name string) bool {
	const longest = 253
	others := strings.ContainsFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("._-", r)
	})
	return name != "" && len(name) <= longest && !others && strings.Trim(name, ".-") == name
}

// namesFor returns the names of a service which no earlier one has, and marks them as taken. For each of the others it
// returns a sentence. As with gitlab-runner's Docker executor the first service of a name keeps it.
// https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v19.4.0/executors/docker/services.go
func namesFor(index int, service job.Service, taken map[string]bool) (names, told []string) {
	own := map[string]bool{}
	for _, name := range append(namesOf(service.Image), service.Aliases...) {
		key := strings.ToLower(name) // as resolvers compare names
		switch {
		case own[key]:
		case !isHostName(name):
			told = append(told, fmt.Sprintf("Skipping alias %q for service %q (services[%d]): it is no host name", name,
				service.Image, index))
		case taken[key]:
			told = append(told, fmt.Sprintf("Skipping alias %q for service %q (services[%d]): alias is already in use by another "+
				"service.", name, service.Image, index))
		default:
			own[key] = true
			names = append(names, name)
		}
	}
	for key := range own {
		taken[key] = true
	}
	return names, told
}

// namesOf returns the names that an image gives to its service: its own without tag and registry's port, with two
// underscores or with a hyphen in the place of each slash.
// https://docs.gitlab.com/ci/services/#accessing-the-services
func namesOf(image string) []string {
	parts := reference.ReferenceRegexp.FindStringSubmatch(image)
	if parts == nil {
		return nil
	}
	name := parts[1]
	if registry, rest, several := strings.Cut(name, "/"); several {
		registry, _, _ = strings.Cut(registry, ":")
		name = registry + "/" + rest
	}
	names := []string{strings.ReplaceAll(name, "/", "__")}
	if other := strings.ReplaceAll(name, "/", "-"); other != names[0] {
		names = append(names, other)
	}
	return names
}
