package stage

import (
	"encoding/json"
	"io"
)

// Configuration is what config_exec tells the runner.
// https://docs.gitlab.com/runner/executors/custom/#config
type Configuration struct {
	Hostname string `json:"hostname,omitempty"`
	Driver   Driven `json:"driver"`
}

// Driven names the driver in the job's log.
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
