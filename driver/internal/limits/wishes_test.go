package limits

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/config"
)

func TestWithoutEffect(t *testing.T) {
	const all = "FARGATE_CPU, FARGATE_EPHEMERAL_STORAGE, FARGATE_MEMORY, FARGATE_PLATFORM_VERSION, " +
		"FARGATE_TASK_DEFINITION"
	for name, want := range map[string]string{
		"FARGATE_CPU": "", "FARGATE_MEMORY": "", "FARGATE_EPHEMERAL_STORAGE": "", "FARGATE_PLATFORM_VERSION": "",
		"CI_JOB_ID": "", "AWS_REGION": "", "MY_FARGATE_CPU": "", "CUSTOM_ENV_OF_MINE": "",
		"FARGATE_TASK_DEFINITION": "FARGATE_TASK_DEFINITION has no effect: this runner's command line chooses it",
		"FARGATE_MEMROY":          "FARGATE_MEMROY has no effect; did you mean FARGATE_MEMORY?",
		"FARGATE_MEM":             "FARGATE_MEM has no effect; did you mean FARGATE_MEMORY?",
		"FARGATE_CPUS":            "FARGATE_CPUS has no effect; did you mean FARGATE_CPU?",
		"fargate_cpu":             "fargate_cpu has no effect; did you mean FARGATE_CPU?",
		"FARGATE_STORAGE":         "FARGATE_STORAGE has no effect; did you mean FARGATE_EPHEMERAL_STORAGE?",
		"FARGATE_TASK_DEF":        "FARGATE_TASK_DEF has no effect; did you mean FARGATE_TASK_DEFINITION?",
		"FARGATE_SECURITY_GROUPS": "FARGATE_SECURITY_GROUPS has no effect; what a job may choose is " + all,
		"FARGATE_":                "FARGATE_ has no effect; what a job may choose is " + all,
		"CUSTOM_ENV_FARGATE_CPU": "CUSTOM_ENV_FARGATE_CPU has no effect: the runner itself puts CUSTOM_ENV_ in front; " +
			"a job sets FARGATE_CPU",
		"CUSTOM_ENV_FARGATE_CPUS": "CUSTOM_ENV_FARGATE_CPUS has no effect; did you mean FARGATE_CPU?",
		"ROLE_ARN":                "ROLE_ARN chooses no role for the task, which is this runner's (TaskRole in fargate.toml)",
	} {
		var lines []string
		if want != "" {
			lines = []string{want}
		}
		got := WithoutEffect([]string{name, name}, config.Wanted{Unheard: []string{"FARGATE_TASK_DEFINITION"}})
		if diff := cmp.Diff(lines, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
