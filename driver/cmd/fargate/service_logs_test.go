package main

import (
	"fmt"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/ecstest"
)

// The log of a service that is not up is in the job's, and where the job asks for them those of all.
func TestServiceLogs(t *testing.T) {
	refused := func(action string, _ int) string {
		if action == "GetLogEvents" {
			return "AccessDeniedException: User: arn:aws:sts::123456789012:x is not authorized to perform: logs:GetLogEvents"
		}
		return ""
	}
	toFluentd := map[string]any{"logDriver": "awsfirelens", "options": map[string]any{"Name": "cloudwatch"}}
	for name, test := range map[string]struct {
		debug bool
		logs  any
		fail  func(string, int) string
		want  []string
		not   []string
	}{
		"of one that has ended": {
			want: []string{"[service:postgres] FATAL:  password is empty\n[service:postgres] [31mwith colours\n"},
			not:  []string{"acme__queue]"},
		},
		"of all": {debug: true, want: []string{"[service:postgres] FATAL", "[service:acme__queue] ready\n"}},
		"which may not be read": {fail: refused, want: []string{"[service:postgres] its log is not here, but in the task's log, in " +
			"the stream …/ci-service-1/00000000000000000000000000000001: CloudWatch Logs refused logs:GetLogEvents " +
			"(AccessDeniedException)\n"}, not: []string{"123456789012"}},
		"which are elsewhere": {logs: toFluentd, want: []string{
			": the task definition sends it to awsfirelens, and not to CloudWatch Logs\n"}},
		"which are nowhere": {logs: map[string]any(nil), want: []string{": the task definition sends it nowhere\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newServed(t)
			w.edit("AllowedServices", "WaitForServices = \"1h\"\nAllowedServices")
			options := map[string]any{"awslogs-group": ecstest.LogGroup, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ci"}
			var logs any = map[string]any{"logDriver": "awslogs", "options": options}
			if test.logs != nil {
				logs = test.logs
			}
			container := map[string]any{"name": "ci-coordinator", "image": "ci:1"}
			if given, _ := logs.(map[string]any); given != nil {
				container["logConfiguration"] = given
			}
			w.ecs.Define(map[string]any{
				"family": "ci", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512",
				"containerDefinitions": []any{container},
			})
			w.edit(`"ci:1"`, `"ci:2"`)
			payload := w.served(nil, w.database(silent(t))...)
			if test.debug {
				payload["variables"] = []any{map[string]any{"key": "CI_DEBUG_SERVICES", "value": "true", "public": true}}
				w.job(payload)
			}
			stream := func(index int) string { return fmt.Sprintf("ci/ci-service-%d/%032x", index, 1) }
			w.services = map[string]map[string]any{"ci-service-1": {"lastStatus": "STOPPED", "exitCode": 1}}
			w.ecs.Fail = test.fail
			w.ecs.Logs = map[string][]ecstest.LogEvent{
				stream(1): {{Timestamp: 1, Message: "FATAL:  password is empty\n"}, {Timestamp: 2, Message: "\x1b[31mwith colours\r\n"}},
				stream(2): {{Timestamp: 3, Message: "ready"}},
			}
			got := w.must(0, "prepare")
			for _, want := range test.want {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("prepare does not say %q:\n%s", want, got.stdout)
				}
			}
			for _, not := range test.not {
				if strings.Contains(got.stdout+got.stderr, not) {
					t.Errorf("prepare says %q:\n%s", not, got.stdout)
				}
			}
			w.ecs.Lock()
			w.ecs.Logs[stream(2)] = append(w.ecs.Logs[stream(2)], ecstest.LogEvent{Timestamp: 9, Message: "a question"})
			w.ecs.Unlock()
			last := w.must(0, "run", w.script("echo the last stage"), "cleanup_file_variables")
			if strings.Contains(last.stdout, "[service:acme__queue] a question\n") != test.debug ||
				strings.Contains(last.stdout, "ready") || strings.Contains(last.stdout, "FATAL") {
				t.Errorf("the last stage says\n%s", last.stdout)
			}
			w.must(0, "cleanup")
		})
	}
}

// Where a script fails, its log tells which services have ended meanwhile, once.
func TestAServiceThatEndsDuringTheJob(t *testing.T) {
	w := newServed(t)
	w.served(nil, serviceOf("redis:8", variablesOf("HEALTHCHECK_TCP_PORT", listening(t))))
	if got := w.must(0, "prepare"); strings.Contains(got.stdout, "WARNING") {
		t.Errorf("prepare says\n%s", got.stdout)
	}
	const want = "*** WARNING: Service redis:8 did not last: its container ci-service-1 ran out of memory (exit code 137, " +
		"OutOfMemoryError: Container killed due to memory usage)\n"
	if got := w.must(buildFailure, "run", w.script("exit 1"), "step_script"); strings.Contains(got.stdout, "WARNING") {
		t.Errorf("the script's log of a service that runs is\n%s", got.stdout)
	}
	w.ecs.Lock()
	w.services = map[string]map[string]any{"ci-service-1": {"lastStatus": "STOPPED", "exitCode": 137,
		"reason": "OutOfMemoryError: Container killed due to memory usage"}}
	w.ecs.Unlock()
	w.must(0, "run", w.script("true"), "step_script")
	if got := w.must(buildFailure, "run", w.script("echo in vain; exit 7"), "step_script"); !strings.Contains(got.stdout,
		"in vain\n"+want) {
		t.Errorf("the script's log is\n%s", got.stdout)
	}
	if got := w.must(buildFailure, "run", w.script("exit 7"), "after_script"); strings.Contains(got.stdout, "WARNING") {
		t.Errorf("a later log is\n%s", got.stdout)
	}
	w.must(0, "cleanup")
}
