package main

import (
	"strings"
	"testing"
)

const (
	taskLink = "The task in AWS's console: https://us-east-1.console.aws.amazon.com/ecs/v2/clusters/cluster/tasks/" +
		"00000000000000000000000000000001/configuration?region=us-east-1\n"
	logLink = "The task's own log: https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:" +
		"log-groups/log-group/$252Fci$252Ftasks/log-events/job$252Fci-coordinator$252F00000000000000000000000000000001\n"
)

// A job's log has the links that the configuration asks for, also where the task does not start, and otherwise nothing
// that names the account, the cluster or the log group.
func TestLinks(t *testing.T) {
	for name, test := range map[string]struct {
		extra   string
		stopped bool
		want    []string
	}{
		"none":                       {},
		"the task":                   {extra: "[JobLinks]\nTask = true\n", want: []string{taskLink}},
		"a task that does not start": {extra: "[JobLinks]\nTask = true\n", stopped: true, want: []string{taskLink}},
		"its log":                    {extra: "[JobLinks]\nLogGroup = \"/ci/tasks\"\nLogStreamPrefix = \"job\"\n", want: []string{logLink}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.append(test.extra)
			code := 0
			if test.stopped {
				w.ecs.Script, code = []string{"PENDING", "STOPPED"}, systemFailure
			}
			got := w.must(code, "prepare")
			for _, link := range test.want {
				if strings.Count(got.stdout, link) != 1 {
					t.Errorf("the log lacks %s:\n%s", link, got.stdout)
				}
			}
			if links := strings.Count(got.stdout, "https://"); links != len(test.want) {
				t.Errorf("%d links, want %d:\n%s", links, len(test.want), got.stdout)
			}
			if rest := strings.NewReplacer(taskLink, "", logLink, "").Replace(got.stdout + got.stderr); strings.Contains(
				rest, "123456789012") || strings.Contains(rest, "/ci/tasks") {
				t.Errorf("the log names what it should not:\n%s", rest)
			}
		})
	}
}
