// Package images decides whether a job may have the image that it asks for, and how that image runs in a container.
package images

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/distribution/reference"
)

// anything is a pattern's part that stands for any number of parts.
const anything = "**"

// CheckPatterns returns what is wrong with the first pattern that no image can be compared with.
func CheckPatterns(allowed []string) error {
	for _, one := range allowed {
		if strings.TrimSpace(one) != one || one == "" || !doublestar.ValidatePattern(normalised(one)) {
			return fmt.Errorf(`%q is no pattern such as "node:*" or "registry.example.com/team/**"`, one)
		}
	}
	return nil
}

// isAllowed tells whether one of the patterns has this image, which a digest names alone where there is one.
func isAllowed(image reference.Named, patterns []string) bool {
	for _, pattern := range patterns {
		if match, err := doublestar.Match(normalised(pattern), image.String()); err == nil && match {
			return true
		}
	}
	return false
}

// normalised reads a pattern as Docker reads an image's name: without a registry it is one of Docker Hub, there without
// an owner an official one, and without a tag, digest or wildcard at its end the image "latest".
func normalised(pattern string) string {
	domain, rest, several := strings.Cut(pattern, "/")
	switch {
	case pattern == anything || several && domain == anything:
		return pattern
	case !several:
		domain, rest = "docker.io", pattern
	case domain == "index.docker.io":
		domain = "docker.io"
	case !strings.ContainsAny(domain, ".:") && domain != "localhost":
		domain, rest = "docker.io", pattern
	}
	if domain == "docker.io" && !strings.Contains(rest, "/") && rest != anything {
		rest = "library/" + rest
	}
	if last := rest[strings.LastIndex(rest, "/")+1:]; !strings.ContainsAny(last, ":@*?[{") {
		rest += ":latest"
	}
	return domain + "/" + rest
}
