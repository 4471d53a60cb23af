package registry

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// readConfig reads an image's config.
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
	return config, nil
}
