package task

import (
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/ecstest"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
)

// defining is a host with a real client at the test's ECS, which has the task definition ci:1.
func defining(t *testing.T) (*ecstest.Server, *Tasks) {
	t.Helper()
	server := ecstest.Start(t)
	server.Define(base(nil))
	return server, host(server)
}

func host(server *ecstest.Server) *Tasks {
	client := ecs.New(ecs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	return &Tasks{
		API: client, Definitions: client, Log: slog.New(slog.DiscardHandler), ConsistencyWindow: time.Second,
		Config: config.Fargate{TaskDefinition: "ci", Cluster: "cluster"},
	}
}

// base has something of all that a definition may have.
func base(change map[string]any) map[string]any {
	definition := map[string]any{
		"family": "ci", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "1024",
		"memory": "2048", "taskRoleArn": "arn:aws:iam::123456789012:role/task", "pidMode": "task",
		"executionRoleArn": "arn:aws:iam::123456789012:role/execution",
		"ephemeralStorage": map[string]any{"sizeInGiB": 30},
		"runtimePlatform":  map[string]any{"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
		"volumes":          []any{map[string]any{"name": "shared"}},
		"tags":             []any{tag("team", "ci"), tag("stack", "base")},
		"containerDefinitions": []any{
			map[string]any{
				"name": "ci-coordinator", "image": "ci:1", "essential": true, "stopTimeout": 120,
				"environment":      []any{variable("B", "2"), variable("A", "1")},
				"secrets":          []any{map[string]any{"name": "S", "valueFrom": "arn:aws:ssm:::parameter/s"}},
				"mountPoints":      []any{map[string]any{"sourceVolume": "shared", "containerPath": "/shared"}},
				"ulimits":          []any{map[string]any{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}},
				"linuxParameters":  map[string]any{"initProcessEnabled": true},
				"logConfiguration": map[string]any{"logDriver": "awslogs", "options": map[string]any{"awslogs-group": "g"}},
			},
			map[string]any{"name": "database", "image": "postgres:18", "essential": false},
		},
	}
	for key, value := range change {
		definition[key] = value
	}
	return definition
}

func tag(key, value string) map[string]any       { return map[string]any{"key": key, "value": value} }
func variable(name, value string) map[string]any { return map[string]any{"name": name, "value": value} }

var node = Derived{Build: &images.Build{Image: "node:24", User: "node"}, Script: "run", Folder: "/ci-job"}

func TestDefinitionOfAnImage(t *testing.T) {
	server, tasks := defining(t)
	tasks.Config.Tags = map[string]string{"stack": "prod"}
	arn, err := tasks.Define(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`:task-definition/ci-image-[0-9a-f]{20}:1$`).MatchString(arn) {
		t.Errorf("its name is %s", arn)
	}
	want := base(nil)
	containers := want["containerDefinitions"].([]any)
	job := containers[0].(map[string]any)
	job["environment"] = []any{variable("A", "1"), variable("B", "2")}
	mounts := append(job["mountPoints"].([]any), map[string]any{"sourceVolume": "ci-job", "containerPath": "/ci-job"})
	job["mountPoints"] = mounts
	want["containerDefinitions"] = append(containers, map[string]any{
		"name": "ci-build", "image": "node:24", "command": []any{"sh", "-c", "run"}, "user": "node", "essential": false,
		"mountPoints": mounts, "stopTimeout": 120, "ulimits": job["ulimits"], "linuxParameters": job["linuxParameters"],
		"logConfiguration": job["logConfiguration"],
	})
	want["volumes"] = []any{map[string]any{"name": "shared"}, map[string]any{"name": "ci-job"}}
	want["tags"] = []any{tag("stack", "prod"), tag("team", "ci")}
	got := server.Definition(arn)
	for key, value := range want {
		if diff := cmp.Diff(plain(t, value), plain(t, got[key])); diff != "" && key != "family" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

// plain is a value as JSON has it, without what is empty there.
func plain(t *testing.T, value any) any {
	t.Helper()
	content, err := json.Marshal(value)
	var read any
	if err == nil {
		err = json.Unmarshal(content, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pruned(read)
}

func pruned(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, one := range value {
			if one = pruned(one); one == nil || cmp.Equal(one, []any{}) {
				delete(value, key)
			} else if number, isNumber := one.(float64); isNumber && number == 0 {
				delete(value, key)
			}
		}
	case []any:
		for _, one := range value {
			pruned(one)
		}
	}
	return value
}

// Whoever needs the same definition, be it another host, finds it.
func TestDefinitionsAreFoundAgain(t *testing.T) {
	server, tasks := defining(t)
	define := func(tasks *Tasks, add Derived) string {
		t.Helper()
		arn, err := tasks.Define(t.Context(), add)
		if err != nil {
			t.Fatal(err)
		}
		return arn
	}
	first := define(tasks, node)
	if again := define(host(server), node); again != first || server.Calls("RegisterTaskDefinition") != 1 {
		t.Errorf("%s and %s by %d registrations", first, again, server.Calls("RegisterTaskDefinition"))
	}
	derived := func(change func(*images.Build)) Derived {
		build := *node.Build
		change(&build)
		return Derived{Build: &build, Script: node.Script, Folder: node.Folder}
	}
	other := derived(func(build *images.Build) { build.Image = "node:26" })
	root := derived(func(build *images.Build) { build.User = "" })
	entry := derived(func(build *images.Build) { build.Entrypoint = []string{""} })
	seen := map[string]bool{first: true, define(tasks, other): true, define(tasks, root): true, define(tasks, entry): true}
	server.Define(base(map[string]any{"cpu": "2048", "memory": "4096"}))
	if seen[define(tasks, node)] = true; len(seen) != 5 {
		t.Errorf("only %d definitions", len(seen))
	}
	if user := server.Definition(define(tasks, root))["containerDefinitions"].([]any)[2].(map[string]any)["user"]; user != nil {
		t.Errorf("the image's own user is replaced by %v", user)
	}
	tasks.Config.TaskDefinition = "ci:1"
	server.Deregister(strings.Split(strings.Split(first, "/")[1], ":")[0])
	if again := define(tasks, node); again != strings.TrimSuffix(first, "1")+"2" {
		t.Errorf("after deregistering %s: %s", first, again)
	}
}

func TestDefinitionsThatCannotBe(t *testing.T) {
	container := func(name string) any { return map[string]any{"name": name, "image": "x"} }
	for name, test := range map[string]struct {
		change map[string]any
		set    func(*ecstest.Server, *Tasks, *Derived)
		want   string
		build  bool
		is     error
	}{
		"no such definition": {
			set:  func(_ *ecstest.Server, tasks *Tasks, _ *Derived) { tasks.Config.TaskDefinition = "other" },
			want: "AWS refused ecs:DescribeTaskDefinition (ClientException): Unable to describe task definition.",
		},
		"inactive": {
			set: func(server *ecstest.Server, tasks *Tasks, _ *Derived) {
				tasks.Config.TaskDefinition = "ci:1"
				server.Deregister("ci")
			},
			want: "the task definition ci is inactive",
		},
		"no coordinator": {
			change: map[string]any{"containerDefinitions": []any{container("main")}},
			want:   "the task definition ci has no container with the name ci-coordinator",
		},
		"a container of that name": {
			change: map[string]any{"containerDefinitions": []any{container("ci-coordinator"), container("ci-build")}},
			want:   "the task definition ci has a container ci-build, which is the name of the one of a job's image",
		},
		"another platform": {
			set:   func(_ *ecstest.Server, _ *Tasks, add *Derived) { add.Build = &images.Build{Architecture: "amd64"} },
			want:  "image:docker:platform: linux/amd64 cannot be had: the tasks of ci are linux/arm64",
			build: true,
		},
		"no right": {
			set: func(server *ecstest.Server, _ *Tasks, _ *Derived) {
				server.Fail = func(action string, _ int) string {
					if action != "RegisterTaskDefinition" {
						return ""
					}
					return "AccessDeniedException: User: arn:aws:sts::1:x is not authorized to perform: " +
						"ecs:RegisterTaskDefinition on resource: arn:aws:ecs:r:1:task-definition/ci-image-0:* because …"
				}
			},
			want: "AWS denied ecs:RegisterTaskDefinition: ", is: ErrNoRights,
		},
		"throttled": {
			set: func(server *ecstest.Server, _ *Tasks, _ *Derived) {
				server.Fail = func(action string, _ int) string {
					if action != "RegisterTaskDefinition" {
						return ""
					}
					return "ClientException: Too many concurrent attempts to create a new revision of the specified family."
				}
			},
			want: "AWS throttled ecs:RegisterTaskDefinition in every try: ", is: ErrThrottled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, tasks := defining(t)
			add := node
			if test.change != nil {
				server.Define(base(test.change))
			}
			if test.set != nil {
				test.set(server, tasks, &add)
			}
			_, err := tasks.Define(t.Context(), add)
			var told *failure.Failure
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || !errors.As(err, &told) || told.Build != test.build {
				t.Fatalf("%v, want %s", err, test.want)
			}
			if !errors.Is(err, ErrNotStarted) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not what it is to be", err)
			}
		})
	}
}

// AWS's own tags cannot be set, and ECS refuses a definition that has them.
func TestTagsOfAWSStayWhereTheyAre(t *testing.T) {
	tags := []types.Tag{
		{Key: aws.String("team"), Value: aws.String("ci")}, {Key: aws.String("aws:cloudformation:x"), Value: aws.String("y")},
	}
	if got := tagged(tags, nil); len(got) != 1 || *got[0].Key != "team" {
		t.Errorf("%v", got)
	}
}
