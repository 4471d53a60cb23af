package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Bounds of what an image may say of itself. Each port is tried again and again; user and entry point become a part of a
// task definition, of which ECS takes 64 KiB.
const (
	mostPorts    = 20
	longestStart = 4 << 10
)

// readConfig reads an image's config, of its ports the lowest.
func readConfig(content []byte) (*Config, error) {
	var image ocispec.Image
	if err := json.Unmarshal(content, &image); err != nil {
		return nil, err
	}
	config := &Config{User: image.Config.User, Entrypoint: image.Config.Entrypoint}
	if config.User == "" {
		config.User = "root"
	}
	for exposed := range image.Config.ExposedPorts {
		text, protocol, told := strings.Cut(exposed, "/")
		port, err := strconv.ParseUint(text, 10, 16)
		if err == nil && port > 0 && (!told || protocol == "tcp") {
			config.Ports = append(config.Ports, int(port))
		}
	}
	slices.Sort(config.Ports)
	config.Ports = slices.Compact(config.Ports)
	config.Ports = config.Ports[:min(len(config.Ports), mostPorts)]
	if size := len(config.User) + len(strings.Join(config.Entrypoint, " ")); size > longestStart {
		return nil, fmt.Errorf("user and entry point have %d characters", size)
	}
	return config, nil
}
