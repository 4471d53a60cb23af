package job

import (
	"slices"
	"strings"
)

// payload is the part of the job's JSON that the driver reads.
type payload struct {
	ID      int64  `json:"id"`
	Token   string `json:"token"`
	JobInfo struct {
		ProjectID int64 `json:"project_id"`
	} `json:"job_info"`
	RunnerInfo struct {
		Timeout int64 `json:"timeout"` // seconds
	} `json:"runner_info"`
	Image    container `json:"image"`
	Services []struct {
		container
		Alias     string     `json:"alias"`
		Command   []string   `json:"command"`
		Variables []variable `json:"variables"`
	} `json:"services"`
	Variables   []variable `json:"variables"`
	Credentials []struct {
		Type     string `json:"type"`
		URL      string `json:"url"`
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"credentials"`
}

// container is what `image:` and an entry of `services:` have in common.
type container struct {
	Name            string   `json:"name"`
	Entrypoint      []string `json:"entrypoint"`
	PullPolicies    []string `json:"pull_policy"`
	ExecutorOptions struct {
		Docker struct {
			Platform string `json:"platform"`
			User     string `json:"user"`
		} `json:"docker"`
	} `json:"executor_opts"`
}

// options returns what it says besides the name, with the variables in it put in.
func (c container) options(expand func(string) string) ImageOptions {
	docker := c.ExecutorOptions.Docker
	return ImageOptions{
		Entrypoint: c.Entrypoint, PullPolicies: c.PullPolicies,
		Platform: expand(docker.Platform), User: expand(docker.User),
	}
}

// variable is a variable of the job, or of one of its services.
type variable struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	// Public is true of GitLab's own variables and of those that the job's file sets, File where the job gets the path of a
	// file with the value, Raw where the value is taken as it is.
	Public bool `json:"public"`
	File   bool `json:"file"`
	Raw    bool `json:"raw"`
}

// isDecimal tells whether the value has one to 19 digits and nothing else.
func isDecimal(value string) bool {
	return value != "" && len(value) <= 19 && strings.Trim(value, "0123456789") == ""
}

// variable returns the predefined variable of that name, or "". GitLab sends its own variables before the job's, so the
// first one of a name is GitLab's.
func (p *payload) variable(name string) string {
	for _, variable := range p.Variables {
		if variable.Key == name {
			return variable.Value
		}
	}
	return ""
}

// number returns a predefined variable that is a number. A runner that writes no payload has it in the environment.
func (p *payload) number(name string, getenv func(string) string) string {
	value := p.variable(name)
	if value == "" {
		value = getenv("CUSTOM_ENV_" + name)
	}
	if !isDecimal(value) {
		return ""
	}
	return value
}

// dockerAuthConfig returns the value of DOCKER_AUTH_CONFIG, "" where the job has none. It is the content even where the
// variable is a file for the job. Of several the last one counts, as for the job's scripts.
func (p *payload) dockerAuthConfig(expand func(string) string) string {
	for _, variable := range slices.Backward(p.Variables) {
		switch {
		case variable.Key != "DOCKER_AUTH_CONFIG":
		case variable.Raw:
			return variable.Value
		default:
			return expand(variable.Value)
		}
	}
	return ""
}

// registries returns the job's credentials for registries of images. GitLab sends those of its own registry, and of its
// dependency proxy, with each job.
func (p *payload) registries() []RegistryCredentials {
	var all []RegistryCredentials
	for _, one := range p.Credentials {
		if one.Type == "registry" {
			host := strings.TrimPrefix(strings.TrimPrefix(one.URL, "https://"), "http://")
			host, _, _ = strings.Cut(host, "/")
			all = append(all, RegistryCredentials{strings.TrimSuffix(host, ":443"), one.Username, one.Password})
		}
	}
	return all
}
