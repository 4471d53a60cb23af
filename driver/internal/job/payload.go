package job

import "strings"

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
	Image struct {
		Name            string   `json:"name"`
		Entrypoint      []string `json:"entrypoint"`
		PullPolicies    []string `json:"pull_policy"`
		ExecutorOptions struct {
			Docker struct {
				Platform string `json:"platform"`
				User     string `json:"user"`
			} `json:"docker"`
		} `json:"executor_opts"`
	} `json:"image"`
	Services []struct {
		Name string `json:"name"`
	} `json:"services"`
	Variables []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"variables"`
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
