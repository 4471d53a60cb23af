package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A config.toml of the community driver passes its flags, before or after the call, and may use its short names.
func TestCommunityCommandLine(t *testing.T) {
	w := newWorld(t)
	log := filepath.Join(w.dir, "driver.log")
	for _, args := range [][]string{
		{"--log-level", "debug", "custom", "config"}, {"--debug", "custom", "config"}, {"c", "co"},
		{"--log-format", "json", "custom", "config"},
	} {
		if got := w.execute(t.Context(), args...); got.code != 0 || !strings.Contains(got.stdout, `"name":"fargate"`) {
			t.Errorf("%v: %+v", args, got)
		}
	}
	w.env["CUSTOM_ENV_FARGATE_TASK_DEFINITION"], w.env["CUSTOM_ENV_FARGATE_PLATFORM_VERSION"] = "other", "1.3.0"
	prepare := []string{"--log-file", log, "--debug", "--task-def", "ci-large:2", "--platform-version", "LATEST", "c", "p"}
	if got := w.execute(t.Context(), prepare...); got.code != 0 || got.stderr != "" {
		t.Fatalf("%+v", got)
	}
	request := w.ecs.Tasks()[0].Request
	if request["taskDefinition"] != "ci-large:2" || request["platformVersion"] != "LATEST" {
		t.Errorf("RunTask: %v", request)
	}
	if content, err := os.ReadFile(log); err != nil || !strings.Contains(string(content), "level=DEBUG") {
		t.Errorf("%v: %s", err, content)
	}
	if got := w.execute(t.Context(), "c", "r", w.script("echo hello"), "build_script"); got.stdout != "hello\n" {
		t.Errorf("%+v", got)
	}
	if got := w.execute(t.Context(), "c", "cl"); got.code != 0 || w.ecs.Running() != 0 {
		t.Errorf("%+v", got)
	}
	if got := w.execute(t.Context(), "--log-level", "loud", "custom", "config"); got.code != systemFailure ||
		!strings.Contains(got.stderr, `--log-level: "loud"`) {
		t.Errorf("%+v", got)
	}
}

// The first versions of the community driver had one key for all tasks.
func TestTheKeyOfAnOldFileHasNoEffect(t *testing.T) {
	w := newWorld(t)
	w.edit("[SSH]\n", "[SSH]\nPrivateKeyPath = \"/root/.ssh/id_rsa\"\n")
	const told = "SSH.PrivateKeyPath in fargate.toml has no effect"
	if got := w.must(0, "prepare"); strings.Count(got.stderr, told) != 1 {
		t.Error(got.stderr)
	}
	for _, call := range [][]string{{"run", w.script("true"), "build_script"}, {"cleanup"}} {
		if got := w.must(0, call...); strings.Contains(got.stderr, told) {
			t.Error(got.stderr)
		}
	}
}
