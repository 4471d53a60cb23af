package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/job"
)

var databases = []images.Service{
	{Image: "postgres:18", Command: []string{"postgres", "-c", "fsync=off"}, User: "999", Names: []string{"postgres", "db"},
		Ports: []int{5432}, Variables: []job.Variable{{Name: "POSTGRES_PASSWORD", Value: "very-secret"}}},
	{Image: "redis:8", Entrypoint: []string{"redis-server"}, Names: []string{"redis"}},
}

// A service has what the job says and the coordinator's log, and none of its volumes, variables and secrets.
func TestDefinitionOfServices(t *testing.T) {
	for name, build := range map[string]*images.Build{"alone": nil, "beside an image": {Image: "node:24", User: "node", ConfigKnown: true}} {
		t.Run(name, func(t *testing.T) {
			server, tasks := defining(t)
			arn, err := tasks.Define(t.Context(), Derived{Build: build, Services: databases, Script: "run", Folder: "/ci-job"})
			if err != nil {
				t.Fatal(err)
			}
			after := func(name string) any { return map[string]any{"containerName": name, "condition": "START"} }
			dependsOn := []any{after("ci-service-1"), after("ci-service-2")}
			want := base(nil)
			containers := want["containerDefinitions"].([]any)
			own := containers[0].(map[string]any)
			own["environment"], own["dependsOn"] = []any{variable("A", "1"), variable("B", "2")}, dependsOn
			volumes := want["volumes"].([]any)
			if build != nil {
				mounts := append(own["mountPoints"].([]any), map[string]any{"sourceVolume": "ci-job", "containerPath": "/ci-job"})
				own["mountPoints"] = mounts
				volumes = append(volumes, map[string]any{"name": "ci-job"})
				containers = append(containers, map[string]any{
					"name": "ci-build", "image": "node:24", "command": []any{"sh", "-c", "run"}, "user": "0", "essential": false,
					"mountPoints": mounts, "stopTimeout": 120, "ulimits": own["ulimits"], "linuxParameters": own["linuxParameters"],
					"logConfiguration": own["logConfiguration"], "dependsOn": dependsOn,
				})
			}
			containers = append(containers,
				map[string]any{"name": "ci-service-1", "image": "postgres:18", "command": []any{"postgres", "-c", "fsync=off"},
					"user": "999", "essential": false, "logConfiguration": own["logConfiguration"], "stopTimeout": 2},
				map[string]any{"name": "ci-service-2", "image": "redis:8", "entryPoint": []any{"redis-server"}, "essential": false,
					"logConfiguration": own["logConfiguration"], "stopTimeout": 2})
			got := server.Definition(arn)
			if diff := cmp.Diff(plain(t, containers), plain(t, got["containerDefinitions"])); diff != "" {
				t.Errorf("containers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(plain(t, volumes), plain(t, got["volumes"])); diff != "" {
				t.Errorf("volumes (-want +got):\n%s", diff)
			}
		})
	}
}

// What is run before the image's entry point takes its place.
func TestDefinitionOfAnImageWhoseEntryPointIsRunLater(t *testing.T) {
	server, tasks := defining(t)
	build := &images.Build{Image: "node:24", User: "node", Entrypoint: []string{"/entry"}}
	for first, want := range map[bool][2][]any{
		false: {{"/entry"}, {"sh", "-c", "run"}}, true: {{"sh"}, {"-c", "run"}},
	} {
		arn, err := tasks.Define(t.Context(), Derived{Build: build, Services: databases, Script: "run", First: first, Folder: "/x"})
		if err != nil {
			t.Fatal(err)
		}
		got := server.Definition(arn)["containerDefinitions"].([]any)[2].(map[string]any)
		if diff := cmp.Diff(want, [2][]any{got["entryPoint"].([]any), got["command"].([]any)}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// Jobs that differ in their services' variables and names have the same definition.
func TestDefinitionsOfServicesAreFoundAgain(t *testing.T) {
	server, tasks := defining(t)
	define := func(services ...images.Service) string {
		t.Helper()
		arn, err := tasks.Define(t.Context(), Derived{Services: services})
		if err != nil {
			t.Fatal(err)
		}
		return arn
	}
	first, same := define(databases...), databases[0]
	same.Variables, same.Names, same.Ports = nil, []string{"other"}, nil
	if again := define(same, databases[1]); again != first || server.Calls("RegisterTaskDefinition") != 1 {
		t.Errorf("%s and %s by %d registrations", first, again, server.Calls("RegisterTaskDefinition"))
	}
	if other := define(databases[1], databases[0]); other == first {
		t.Error("another order is the same definition")
	}
}

func TestServicesThatADefinitionCannotHave(t *testing.T) {
	named := func(name string) map[string]any { return map[string]any{"name": name, "image": "x"} }
	for name, test := range map[string]struct {
		change   map[string]any
		build    *images.Build
		services []images.Service
		want     string
		own      bool
	}{
		"of another platform": {services: []images.Service{{Image: "a", Architecture: "amd64"}}, own: true,
			want: "services:docker:platform: linux/amd64 cannot be had: the tasks of ci are linux/arm64"},
		"as many as there is room for": {services: make([]images.Service, 8)},
		"more": {services: make([]images.Service, 9), own: true, want: "services: a job can have 8 on this runner, and this one " +
			"has 9: ECS takes 10 containers in a task, of which 2 are the runner's and the job's"},
		"more beside an image": {build: node.Build, services: make([]images.Service, 8), own: true,
			want: "services: a job can have 7 on this runner, and this one has 8"},
		"beside a container of that name": {services: databases,
			change: map[string]any{"containerDefinitions": []any{named("ci-coordinator"), named("ci-service-9")}},
			want:   "the task definition ci has a container whose name is ci-service- and a number"},
		"beside one whose name begins alike": {services: databases,
			change: map[string]any{"containerDefinitions": []any{named("ci-coordinator"), named("ci-service-proxy")}}},
	} {
		t.Run(name, func(t *testing.T) {
			server, tasks := defining(t)
			server.Define(base(test.change))
			services := append([]images.Service{}, test.services...)
			for i := range services {
				if services[i].Image == "" {
					services[i].Image = fmt.Sprint("queue-", i)
				}
			}
			_, err := tasks.Define(t.Context(), Derived{Build: test.build, Services: services, Script: "run", Folder: "/ci-job"})
			var told *failure.Failure
			switch {
			case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)):
				t.Errorf("%v, want %s", err, test.want)
			case test.want != "" && (!errors.As(err, &told) || told.Build != test.own || !errors.Is(err, ErrNotStarted)):
				t.Errorf("%v is not what it is to be", err)
			}
		})
	}
}

// What the driver takes for the length is what ECS takes for it.
func TestLengthOfOverrides(t *testing.T) {
	server, tasks := defining(t)
	const own = `{"containerOverrides":[{"name":"ci-coordinator","environment":[`
	start := func(value string) (err error) {
		services := []images.Service{{Image: "postgres:18", Variables: []job.Variable{{Name: "A", Value: value}}}}
		arn, err := tasks.Define(t.Context(), Derived{Services: services})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tasks.Start(t.Context(), Request{
			TaskDefinition: arn, Services: services, PublicKey: "ssh-ed25519 AAAA", ClientToken: fmt.Sprint(len(value)),
			Placement: Placement{Subnets: []string{"subnet-1"}},
		})
		return err
	}
	longest := 0
	for step := 4096; step > 0; step /= 2 {
		if start(strings.Repeat("<", longest+step)) == nil {
			longest += step
		}
	}
	if longest < 7000 || longest > mostOverrides-len(own) {
		t.Errorf("the longest variable is %d", longest)
	}
	calls := server.Calls("RunTask")
	err := start(strings.Repeat("<", longest+1))
	var told *failure.Failure
	if !errors.As(err, &told) || !told.Build || !errors.Is(err, ErrNotStarted) || strings.Contains(err.Error(), "<<") ||
		!strings.Contains(err.Error(), fmt.Sprintf("and these are %d: postgres:18 ", mostOverrides+1)) {
		t.Errorf("%v", err)
	}
	if server.Calls("RunTask") != calls {
		t.Error("RunTask was called all the same")
	}
	// ECS itself has the same bound.
	input := &ecs.RunTaskInput{
		Cluster: aws.String("cluster"), TaskDefinition: aws.String("ci"), LaunchType: types.LaunchTypeFargate,
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("ci-coordinator")}}},
	}
	override := &input.Overrides.ContainerOverrides[0]
	override.Environment = []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("")}}
	for extra, refused := range map[int]bool{0: false, 1: true} {
		override.Environment[0].Value = aws.String("")
		room := mostOverrides - lengthOf(input.Overrides)
		override.Environment[0].Value = aws.String(strings.Repeat("<", room+extra))
		if _, err := tasks.API.RunTask(t.Context(), input); (err != nil) != refused ||
			refused && !strings.Contains(err.Error(), "Container Overrides length must be at most 8192") {
			t.Errorf("%d more: %v", extra, err)
		}
	}
}

// A job begins without a service that has ended already, and does not where one cannot be started.
func TestServicesOfATaskThatStarts(t *testing.T) {
	with := func(status, reason string, code int32) func(*types.Task) {
		return func(task *types.Task) {
			task.Containers = []types.Container{
				{Name: aws.String(Container), LastStatus: aws.String("RUNNING")},
				{Name: aws.String("ci-service-1"), Image: aws.String("redis:8"), LastStatus: aws.String(status),
					Reason: aws.String(reason), ExitCode: aws.Int32(code)},
			}
		}
	}
	for name, test := range map[string]struct {
		status, reason string
		want           string
	}{
		"runs":       {status: "RUNNING"},
		"has ended":  {status: "STOPPED"},
		"is missing": {"STOPPED", "CannotPullContainerError: not found", "the service redis:8 cannot be pulled: CannotPull"},
		"is broken":  {"STOPPED", "CannotStartContainerError: no such file", "the service redis:8 does not run: CannotStart"},
	} {
		t.Run(name, func(t *testing.T) {
			w := tasks(t, &fakeECS{describe: []func() (*ecs.DescribeTasksOutput, error){
				in("PENDING", with(test.status, test.reason, 0)),
			}})
			w.Probe = func(_ context.Context, address string) bool { return address == "172.31.0.9" }
			address, err := w.AwaitRunning(t.Context(), arn, func(string, time.Duration) {})
			if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%q, %v", address, err)
			}
		})
	}
}

// What a service is given says nothing of its task's lease, even where it has the names of that.
func TestTheLeaseIsNotAServices(t *testing.T) {
	pair := func(value string) []types.KeyValuePair {
		return []types.KeyValuePair{{Name: aws.String("FARGATE_GUARD_HOST"), Value: aws.String(value)}}
	}
	task := &types.Task{Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{
		{Name: aws.String("ci-service-1"), Environment: pair("a job's")}, {Name: aws.String(Container), Environment: pair("ours")},
		{Name: aws.String("ci-service-2"), Environment: pair("a job's")},
	}}}
	if got := leaseOf(task).Host; got != "ours" {
		t.Errorf("the task is %s", got)
	}
}
