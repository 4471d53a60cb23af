package stage

import (
	"encoding/json"
	"io"
)

// Configuration is the answer to config_exec.
// https://docs.gitlab.com/runner/executors/custom/#config
type Configuration struct {
	Hostname string `json:"hostname,omitempty"`
	Driver   Driven `json:"driver"`
}

// Driven is the driver's name and version; the runner writes them to the job's log.
type Driven struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Configure writes the answer to config_exec.
func Configure(stdout io.Writer, version, hostname string) error {
	return json.NewEncoder(stdout).Encode(Configuration{
		Hostname: hostname,
		Driver:   Driven{Name: "fargate", Version: version},
	})
}
