package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file as the community driver's documentation shows it, but for the port and the folder, and its task definition: a
// container ci-coordinator with an sshd, which is told a key and nothing else. No key of this driver's own is set.
func TestCommunityInstallation(t *testing.T) {
	w := newWorld(t)
	w.ecs.Clusters, w.ecs.Region = []string{"test-cluster"}, "us-east-2"
	w.write("fargate.toml", fmt.Sprintf(`LogLevel = "info"
LogFormat = "text"

[Fargate]
  Cluster = "test-cluster"
  Region = "us-east-2"
  Subnet = "subnet-xxxxxx"
  SecurityGroup = "sg-xxxxxxxxxxxxx"
  TaskDefinition = "test-task:1"
  EnablePublicIP = true

[TaskMetadata]
  Directory = %q

[SSH]
  Username = "root"
  Port = %d
`, filepath.Join(w.dir, "metadata"), w.sshd.Port()))
	w.env["CUSTOM_ENV_FARGATE_PLATFORM_VERSION"] = "1.4.0"

	w.must(0, "config")
	w.must(0, "prepare")
	for _, stage := range []string{"prepare_script", "get_sources", "build_script"} {
		if got := w.must(0, "run", w.script("echo in "+stage), stage); got.stdout != "in "+stage+"\n" ||
			got.stderr != "" {
			t.Errorf("%q, %q", got.stdout, got.stderr)
		}
	}
	w.must(buildFailure, "run", w.script("exit 7"), "build_script")
	w.must(0, "cleanup")

	got := w.ecs.Tasks()[0].Request
	overrides, _ := got["overrides"].(map[string]any)
	containers, _ := overrides["containerOverrides"].([]any)
	container, _ := containers[0].(map[string]any)
	if len(overrides) != 1 || len(containers) != 1 || container["name"] != "ci-coordinator" ||
		!strings.HasPrefix(environment(got)["SSH_PUBLIC_KEY"], "ssh-ed25519 ") {
		t.Errorf("overrides: %v", overrides)
	}
	for _, key := range []string{"overrides", "clientToken", "startedBy"} {
		delete(got, key)
	}
	want := map[string]any{
		"cluster": "test-cluster", "taskDefinition": "test-task:1", "count": 1.0, "platformVersion": "1.4.0",
		"launchType": "FARGATE",
		"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{
			"subnets": []any{"subnet-xxxxxx"}, "securityGroups": []any{"sg-xxxxxxxxxxxxx"}, "assignPublicIp": "ENABLED",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("RunTask (-want +got):\n%s", diff)
	}
	if len(w.slots()) != 0 || w.ecs.Running() != 0 {
		t.Errorf("left: slots %v, %d tasks", w.slots(), w.ecs.Running())
	}
}
