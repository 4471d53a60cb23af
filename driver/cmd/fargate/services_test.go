package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/ecstest"
)

// newServed is a world whose runner allows services beside a job, with an image or without.
func newServed(t *testing.T) *imaged {
	t.Helper()
	w := newImaged(t, `"node:*"`)
	w.edit("AllowedImages =", `AllowedServices = ["postgres:*", "redis:*", "acme/*"]`+"\nAllowedImages =")
	return w
}

// served makes it a job with services, and with an image where one is given.
func (w *imaged) served(image any, services ...map[string]any) map[string]any {
	w.t.Helper()
	var all []any
	for _, one := range services {
		all = append(all, one)
	}
	payload := map[string]any{"id": 7, "token": "jobtok-7", "image": image, "services": all, "variables": []any{
		map[string]any{"key": "CI_PROJECT_NAME", "value": "of GitLab", "public": true},
		map[string]any{"key": "POSTGRES_DB", "value": "shop", "public": true},
		map[string]any{"key": "TOKEN", "value": "very-secret", "public": false},
	}}
	w.job(payload)
	w.env["CUSTOM_ENV_POSTGRES_DB"], w.env["CUSTOM_ENV_TOKEN"] = "shop", "very-secret"
	return payload
}

// serviceOf is an entry of services:.
func serviceOf(name string, more ...map[string]any) map[string]any {
	one := map[string]any{"name": name, "alias": nil, "entrypoint": nil, "command": nil}
	for _, fields := range more {
		for key, value := range fields {
			one[key] = value
		}
	}
	return one
}

func variablesOf(pairs ...string) map[string]any {
	var all []any
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, map[string]any{"key": pairs[i], "value": pairs[i+1]})
	}
	return map[string]any{"variables": all}
}

// listening is a port at which somebody listens until the test ends.
func listening(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// silent is a port at which nobody listens.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// overrides are the variables that RunTask hands to each container.
func overrides(request map[string]any) map[string]map[string]string {
	all := map[string]map[string]string{}
	given, _ := request["overrides"].(map[string]any)["containerOverrides"].([]any)
	for _, item := range given {
		one := item.(map[string]any)
		variables := map[string]string{}
		for _, pair := range one["environment"].([]any) {
			pair := pair.(map[string]any)
			variables[pair["name"].(string)] = pair["value"].(string)
		}
		all[one["name"].(string)] = variables
	}
	return all
}

func hostsIn(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(content), "127.0.0.1 localhost\n")
}

const named = "127.0.0.1 postgres\n127.0.0.1 db\n127.0.0.1 acme__queue\n127.0.0.1 acme-queue\n"

func (w *imaged) database(port string) []map[string]any {
	return []map[string]any{
		serviceOf("postgres:18", map[string]any{"alias": "db", "command": []string{"postgres", "-c", "fsync=off"}},
			variablesOf("HEALTHCHECK_TCP_PORT", port, "POSTGRES_PASSWORD", "$TOKEN")),
		serviceOf("acme/queue:1", map[string]any{"entrypoint": []string{"/queue"}}),
	}
}

func TestServicesWithoutAnImage(t *testing.T) {
	w := newServed(t)
	port := listening(t)
	w.served(nil, w.database(port)...)
	prepared := w.must(0, "prepare")
	for _, want := range []string{
		"The job's services are postgres:18, acme/queue:1, by task definition ci-image-",
		"Waiting for services to be up and running (timeout 30s)...\n",
	} {
		if !strings.Contains(prepared.stdout, want) {
			t.Errorf("prepare does not say %q:\n%s", want, prepared.stdout)
		}
	}
	if strings.Contains(prepared.stdout+prepared.stderr, "very-secret") || strings.Contains(prepared.stdout, "WARNING") {
		t.Errorf("prepare says\n%s%s", prepared.stdout, prepared.stderr)
	}
	if got := hostsIn(t, w.hosts()); got != named {
		t.Errorf("the coordinator has\n%s", got)
	}
	request := w.ecs.Tasks()[0].Request
	given := overrides(request)
	delete(given, "ci-coordinator")
	if diff := cmp.Diff(map[string]map[string]string{
		"ci-service-1": {"POSTGRES_DB": "shop", "POSTGRES_PASSWORD": "very-secret", "HEALTHCHECK_TCP_PORT": port},
		"ci-service-2": {"POSTGRES_DB": "shop"},
	}, given); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	definition := w.ecs.Definition(request["taskDefinition"].(string))
	if text := fmt.Sprint(definition); strings.Contains(text, "very-secret") || strings.Contains(text, "shop") ||
		strings.Contains(text, "ci-build") || strings.Contains(text, "ci-job") {
		t.Errorf("the definition has %s", text)
	}
	w.must(0, "run", w.script("test -z \"$OF_IMAGE\""), "step_script")
	w.must(0, "cleanup")
}

func TestServicesBesideAnImage(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can let a container have a file of its own")
	}
	for name, test := range map[string]struct {
		user  string
		names string
		says  string
	}{
		"whose user the job names": {user: "nobody", names: named},
		"whose user nobody knows":  {says: "The job's image node:24 lets its user 65534 not write /etc/hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newServed(t)
			image := map[string]any{"name": "node:24", "executor_opts": map[string]any{"docker": map[string]any{"user": test.user}}}
			w.served(image, w.database(listening(t))...)
			prepared := w.must(0, "prepare")
			if !strings.Contains(prepared.stdout, "The job's image is node:24. The job's services are postgres:18, acme/queue:1, by ") {
				t.Errorf("prepare says\n%s", prepared.stdout)
			}
			if strings.Contains(prepared.stdout, "/etc/hosts") != (test.says != "") || !strings.Contains(prepared.stdout, test.says) {
				t.Errorf("prepare says\n%s", prepared.stdout)
			}
			if got := hostsIn(t, w.hostsOfImage()); got != test.names {
				t.Errorf("the image's container has\n%s", got)
			}
			if got := hostsIn(t, w.hosts()); got != named {
				t.Errorf("the coordinator has\n%s", got)
			}
			for _, stage := range []string{"step_script", "after_script"} {
				got := w.must(0, "run", w.script("id -u; echo $OF_IMAGE; cat <"+w.hosts()+" | { while read a b; do echo $b; done; }"), stage)
				if !strings.HasPrefix(got.stdout, fmt.Sprintf("%d\nyes\nlocalhost\n", imageUser)) {
					t.Errorf("%s: %q", stage, got.stdout)
				}
			}
			w.must(0, "cleanup")
		})
	}
}

// A job goes on without a service that is not up, whose end ends the wait for it.
func TestServicesThatDoNotComeUp(t *testing.T) {
	for name, test := range map[string]struct {
		shown map[string]any
		wait  string
		want  string
	}{
		"in time": {wait: "300ms", want: "its container ci-service-1 took no connection at port %s within 300ms"},
		"as it crashed": {wait: "1h", shown: map[string]any{"lastStatus": "STOPPED", "exitCode": 3},
			want: "its container ci-service-1 has ended (exit code 3)"},
		"for lack of memory": {wait: "1h", shown: map[string]any{"lastStatus": "STOPPED", "exitCode": 137,
			"reason": "OutOfMemoryError: Container killed due to memory usage"},
			want: "its container ci-service-1 ran out of memory (exit code 137, OutOfMemoryError: Container killed due to memory " +
				"usage (its limit is 512 MiB))"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newServed(t)
			w.edit("AllowedServices", fmt.Sprintf("WaitForServices = %q\nAllowedServices", test.wait))
			w.ecs.Memory = "512"
			port := silent(t)
			w.served(nil, w.database(port)...)
			w.ecs.Lock()
			w.services = map[string]map[string]any{"ci-service-1": test.shown}
			w.ecs.Unlock()
			want := "*** WARNING: Service postgres:18 probably didn't start properly: " + strings.ReplaceAll(test.want, "%s", port)
			started := time.Now()
			if got := w.must(0, "prepare"); !strings.Contains(got.stdout, want) || strings.Count(got.stdout, "WARNING") != 1 {
				t.Errorf("after %s prepare says\n%s\nwant %s", time.Since(started), got.stdout, want)
			}
			w.must(0, "run", w.script("true"), "step_script")
			w.must(0, "cleanup")
		})
	}
}

func TestServicesThatCannotBe(t *testing.T) {
	many := func(count int) (services []map[string]any) {
		for i := range count {
			services = append(services, serviceOf(fmt.Sprint("acme/queue-", i)))
		}
		return services
	}
	for name, test := range map[string]struct {
		image    any
		services []map[string]any
		shown    map[string]any
		code     int
		want     string
		tasks    int
	}{
		"not allowed": {services: []map[string]any{serviceOf("mysql:9")}, code: buildFailure,
			want: "ERROR: services: docker.io/library/mysql:9 is not among those that this runner allows " +
				"(Fargate.AllowedServices): postgres:*, redis:*, acme/*\nHint: Choose one of them, or ask the runner's owner to add " +
				"it: to Fargate.AllowedServices in fargate.toml, or to the stack's setting services.allowed.\n"},
		"more than ECS takes": {services: many(10), code: buildFailure,
			want: "ERROR: services: a job can have 9 on this runner, and this one has 10"},
		"more than ECS takes beside an image": {image: map[string]any{"name": "node:24"}, services: many(9), code: buildFailure,
			want: "ERROR: services: a job can have 8 on this runner, and this one has 9"},
		"for another platform": {services: []map[string]any{serviceOf("redis:8", map[string]any{
			"executor_opts": map[string]any{"docker": map[string]any{"platform": "linux/arm64"}}})}, code: buildFailure,
			want: "ERROR: services:docker:platform: linux/arm64 cannot be had: the tasks of ci are linux/amd64\n"},
		"with too long variables": {services: []map[string]any{
			serviceOf("postgres:18", variablesOf("DUMP", strings.Repeat("very-secret ", 650))), serviceOf("redis:8")},
			code: buildFailure, want: "ERROR: services: their variables are too long: ECS takes 8192 characters for all " +
				"containers of a task, with the names and the signs of JSON, and these are "},
		"that do not exist": {services: []map[string]any{serviceOf("redis:8")}, shown: map[string]any{"lastStatus": "STOPPED",
			"reason": "CannotPullContainerError: failed to resolve ref docker.io/library/redis:8: not found"},
			code: buildFailure, want: "ERROR: the service redis:8 cannot be pulled: CannotPullContainerError: ", tasks: 1},
		"whose registry takes no more": {services: []map[string]any{serviceOf("redis:8")}, shown: map[string]any{
			"lastStatus": "STOPPED", "reason": "CannotPullContainerError: 429 Too Many Requests - toomanyrequests"},
			code: systemFailure, want: "ERROR: the service redis:8 cannot be pulled: CannotPullContainerError: ", tasks: 1},
		"whose program is not there": {services: []map[string]any{serviceOf("redis:8")}, shown: map[string]any{
			"lastStatus": "STOPPED", "reason": `CannotStartContainerError: exec: "redi": executable file not found in $PATH`},
			code: buildFailure, want: "Hint: The program that the service's entrypoint: or command: names is not in its image", tasks: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newServed(t)
			w.served(test.image, test.services...)
			w.services = map[string]map[string]any{"ci-service-1": test.shown}
			got := w.must(test.code, "prepare")
			if !strings.Contains(got.stderr, test.want) || strings.Contains(got.stdout+got.stderr, "very-secret") {
				t.Errorf("stderr: %s", got.stderr)
			}
			if started, left := w.ecs.Calls("RunTask"), w.ecs.Running(); started != test.tasks || left != 0 {
				t.Errorf("%d tasks were started, %d run", started, left)
			}
			w.must(0, "cleanup")
		})
	}
}

// What has no effect is told before the task starts.
func TestServicesWithTheSameNameAndPort(t *testing.T) {
	w := newServed(t)
	port := listening(t)
	w.served(nil, serviceOf("redis:7", variablesOf("HEALTHCHECK_TCP_PORT", port)), serviceOf("redis:8",
		map[string]any{"alias": "newer"}, variablesOf("HEALTHCHECK_TCP_PORT", port)))
	got := w.must(0, "prepare")
	before, _, _ := strings.Cut(got.stdout, "The job's services are ")
	for _, want := range []string{
		`Skipping alias "redis" for service "redis:8" (services[1]): alias is already in use by another service.` + "\n",
		"The services redis:7 and redis:8 both listen on port " + port,
	} {
		if !strings.Contains(before, want) {
			t.Errorf("prepare does not say %q:\n%s", want, got.stdout)
		}
	}
	w.must(0, "cleanup")
}

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
