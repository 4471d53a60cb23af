package stage

import (
	"encoding/json"
	"errors"
	"io"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/job"
)

// Configuration is the answer to config_exec. What it leaves out is as config.toml has it.
// https://docs.gitlab.com/runner/executors/custom/#config
type Configuration struct {
	Hostname  string `json:"hostname,omitempty"`
	BuildsDir string `json:"builds_dir,omitempty"`
	CacheDir  string `json:"cache_dir,omitempty"`
	Driver    Driven `json:"driver"`
}

// Driven is the driver's name and version; the runner writes them to the job's log.
type Driven struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Folders are what the runner is told about its folders in the task. Those of a job with an image are in the volume that
// its containers share. A deployment that checks the file calls for no job, and gets the folders of one without an image.
func Folders(settings *config.Config, load func() (job.Job, error)) (config.Runner, error) {
	if len(settings.Fargate.AllowedImages) == 0 {
		return settings.Runner, nil
	}
	current, err := load()
	if errors.Is(err, job.ErrNone) {
		return settings.Runner, nil
	}
	if err != nil || current.Image == "" {
		return settings.Runner, err
	}
	return config.Runner{BuildsDir: JobVolume.Builds(), CacheDir: JobVolume.Cache()}, nil
}

// Configure writes the answer to config_exec.
func Configure(stdout io.Writer, version, hostname string, runner config.Runner) error {
	return json.NewEncoder(stdout).Encode(Configuration{
		Hostname:  hostname,
		BuildsDir: runner.BuildsDir,
		CacheDir:  runner.CacheDir,
		Driver:    Driven{Name: "fargate", Version: version},
	})
}
