// Package job knows the job for which the runner called the driver.
//
// A job can override any CUSTOM_ENV_* with a variable of its own. So the driver reads what matters (identity, image,
// services) from the job's payload in JOB_RESPONSE_FILE, which the runner writes as GitLab sent it.
package job

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Job is the part of the job's payload that the driver uses.
type Job struct {
	ID        int64
	ProjectID int64
	// PipelineID and RunnerID are decimal numbers, empty where GitLab did not send them.
	PipelineID string
	RunnerID   string
	// Image is the name in the job's `image:`, empty if it has none. ImageOptions is what else that says.
	Image        string
	ImageOptions ImageOptions
	// Services are the entries of the job's `services:`, in their order.
	Services []Service
	// DockerAuthConfig is the job's variable of that name, for registries, and Registries are the credentials that GitLab has
	// sent with the job. Both are secrets.
	DockerAuthConfig string
	Registries       []RegistryCredentials
	// BuildsDir is where the runner has the job's sources, empty while it has not decided that.
	BuildsDir string
	// Timeout is how long the job may take, zero where GitLab did not send it.
	Timeout time.Duration
	// RunnerVersion is the version of the gitlab-runner that writes the job's scripts, empty where it does not tell.
	RunnerVersion string
	// Variables are the names of the variables that have a value: GitLab's, the project's, and the job's own.
	Variables []string
	// DebugServices is true where the job wants to see the logs of its services, by CI_DEBUG_SERVICES.
	DebugServices bool
	// StartedAt is when the job started in GitLab, zero where GitLab did not send it.
	StartedAt time.Time

	// digest makes the identity unguessable, and unique across GitLab instances and hosts.
	digest string
}

// ImageOptions are what a job's `image:` says besides the name.
type ImageOptions struct {
	// Entrypoint takes the place of the image's own. It is empty where the job leaves that one.
	Entrypoint []string
	// Platform and User are those of `image:docker:`.
	Platform, User string
	// PullPolicies are those of `pull_policy:`, in the order in which the job prefers them.
	PullPolicies []string
}

// RegistryCredentials open a registry of images.
type RegistryCredentials struct {
	// Host is the registry's name, with the port where it is not 443.
	Host               string
	Username, Password string
}

// ErrNone tells that the driver was called for no job.
var ErrNone = errors.New("the job has no id: neither JOB_RESPONSE_FILE nor CUSTOM_ENV_CI_JOB_ID tells it; is the driver " +
	"called by gitlab-runner's custom executor?")

// Load reads the job from the environment that the runner gives to the driver. host is the name of the runner's host.
func Load(getenv func(string) string, host string) (Job, error) {
	var data payload
	if path := getenv("JOB_RESPONSE_FILE"); path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return Job{}, fmt.Errorf("reading the job's payload (JOB_RESPONSE_FILE): %w", err)
		}
		if err := json.Unmarshal(content, &data); err != nil {
			return Job{}, fmt.Errorf("reading the job's payload in %s: %w", path, err)
		}
	} else {
		// Runners before 13.10 write no payload.
		data.ID, _ = strconv.ParseInt(getenv("CUSTOM_ENV_CI_JOB_ID"), 10, 64)
		data.JobInfo.ProjectID, _ = strconv.ParseInt(getenv("CUSTOM_ENV_CI_PROJECT_ID"), 10, 64)
		data.Token = getenv("CUSTOM_ENV_CI_JOB_TOKEN")
		data.Image.Name = getenv("CUSTOM_ENV_CI_JOB_IMAGE")
	}
	if data.ID <= 0 {
		return Job{}, ErrNone
	}
	job := Job{
		ID:         data.ID,
		ProjectID:  data.JobInfo.ProjectID,
		PipelineID: data.number("CI_PIPELINE_ID", getenv),
		RunnerID:   data.number("CI_RUNNER_ID", getenv),
	}
	// The runner hands on all variables with their values put in, and the payload as GitLab wrote it. A job that sets
	// what it names itself misleads nobody else.
	values := values(getenv)
	job.Image, job.ImageOptions = values.expand(data.Image.Name), data.Image.options(values.expand)
	job.Services = data.services(values)
	job.BuildsDir = getenv("CUSTOM_ENV_CI_BUILDS_DIR")
	if seconds := data.RunnerInfo.Timeout; seconds > 0 && seconds <= maxTimeout {
		job.Timeout = time.Duration(seconds) * time.Second
	}
	// The runner itself sets the variable, so the payload lacks it. A job that sets its own misleads nobody but itself.
	if value := getenv("CUSTOM_ENV_CI_RUNNER_VERSION"); runnerVersion.MatchString(value) {
		job.RunnerVersion = value
	}
	// GitLab writes 2026-11-25T01:02:03Z. The driver ignores a time that it cannot read.
	job.StartedAt, _ = time.Parse(time.RFC3339, data.variable("CI_JOB_STARTED_AT"))
	job.DockerAuthConfig, job.Registries = data.dockerAuthConfig(values.expand), data.registries()
	for _, variable := range data.Variables {
		if variable.Value != "" {
			job.Variables = append(job.Variables, variable.Key)
		}
		if variable.Key == debugServices {
			job.DebugServices, _ = strconv.ParseBool(values.of(variable))
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", host, job.RunnerID, job.ID, data.Token))
	job.digest = hex.EncodeToString(sum[:8])
	return job, nil
}

// runnerVersion matches 19.4.0, 19.5.0~pre.12.gabc and the like, and nothing that means something to a shell.
var runnerVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+[0-9A-Za-z.~+-]{0,60}$`)

// maxTimeout in seconds, a year, is more than GitLab allows (a month).
const maxTimeout = 365 * 24 * 60 * 60

// Key identifies the job among all jobs that this host runs. It is a safe file name.
func (j Job) Key() string {
	return fmt.Sprintf("job-%d-%s", j.ID, j.digest)
}

// Lot is a number that is the same in each call for the job, and evenly spread over jobs.
func (j Job) Lot() uint64 {
	lot, _ := strconv.ParseUint(j.digest, 16, 64)
	return lot
}

// StartedBy is the startedBy of the job's task in ECS. It is the same in each call for the job, so that the driver can
// find a task whose ARN it never wrote down. ECS allows 128 letters, digits, '-', '/' and '_'.
func (j Job) StartedBy() string {
	runner := j.RunnerID
	if runner == "" {
		runner = "unknown"
	}
	return fmt.Sprintf("gitlab/runner-%s/job-%d/%s", runner, j.ID, j.digest)
}

// startedBy is made when it is needed: none of a job's calls needs it, and each would wait for it.
var startedBy = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^gitlab/runner-(?:[0-9]{1,19}|unknown)/(job-[0-9]{1,19})/([0-9a-f]{16})$`)
})

// KeyOf returns the Key of the job with this StartedBy, and false for a task that no driver started.
func KeyOf(text string) (string, bool) {
	parts := startedBy().FindStringSubmatch(text)
	if parts == nil {
		return "", false
	}
	return parts[1] + "-" + parts[2], true
}

// Tags describe the job on its task.
func (j Job) Tags() map[string]string {
	tags := map[string]string{"gitlab-job-id": strconv.FormatInt(j.ID, 10)}
	add := func(key, value string) {
		if value != "" && value != "0" {
			tags[key] = value
		}
	}
	add("gitlab-project-id", strconv.FormatInt(j.ProjectID, 10))
	add("gitlab-pipeline-id", j.PipelineID)
	add("gitlab-runner-id", j.RunnerID)
	return tags
}
