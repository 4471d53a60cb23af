package main

import (
	"fmt"
	"os"
	"os/user"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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
		user       string
		entrypoint string
		names      string
		says       string
	}{
		// Root does not run the entry point that the image may have.
		"whose user the job names": {user: "nobody", says: "The job's image node:24 lets its user 65534 not write /etc/hosts"},
		// The entry point is run by that user too, where it is known.
		"whose user and entry point the job names": {user: "nobody", names: named,
			entrypoint: `test "$(id -u)" = 65534 || exit 1; test "$HOME" = "$1" || exit 1; OF_ENTRY=yes; export OF_ENTRY; shift; exec "$@"`},
		"whose user nobody knows": {says: "The job's image node:24 lets its user 65534 not write /etc/hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newServed(t)
			image := map[string]any{"name": "node:24", "executor_opts": map[string]any{"docker": map[string]any{"user": test.user}}}
			if test.entrypoint != "" {
				home, err := user.Lookup(test.user)
				if err != nil {
					t.Fatal(err)
				}
				image["entrypoint"] = []string{"sh", "-c", test.entrypoint, "sh", home.HomeDir}
			}
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
			entered := ""
			if test.entrypoint != "" {
				entered = " yes"
			}
			for _, stage := range []string{"step_script", "after_script"} {
				got := w.must(0, "run", w.script("id -u; echo $OF_IMAGE $OF_ENTRY; cat <"+w.hosts()+" | { while read a b; do echo $b; done; }"), stage)
				if !strings.HasPrefix(got.stdout, fmt.Sprintf("%d\nyes%s\nlocalhost\n", imageUser, entered)) {
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
		"The services redis:7 and redis:8 both name port " + port,
	} {
		if !strings.Contains(before, want) {
			t.Errorf("prepare does not say %q:\n%s", want, got.stdout)
		}
	}
	w.must(0, "cleanup")
}
