package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/sshtest"
)

// An image whose sshd takes RSA keys only, as by a FIPS policy.
func TestSshdThatTakesRSAKeysOnly(t *testing.T) {
	w := newWorld(t)
	w.sshd = sshtest.Start(t, "127.0.0.1:0", func(key string) bool {
		w.ecs.Lock()
		defer w.ecs.Unlock()
		return strings.HasPrefix(key, "ssh-rsa ") && strings.TrimSpace(key) == w.publicKey
	})
	w.configure("")
	w.edit("[SSH]\n", "[SSH]\nKeyType = \"ed25519\"\n")
	w.edit(`ConnectTimeout = "5s"`, `ConnectTimeout = "1s"`)
	if got := w.must(systemFailure, "prepare"); !strings.Contains(got.stderr, " refused user root's ed25519 key\n") ||
		!strings.Contains(got.stderr, `SSH.KeyType = "rsa"`) {
		t.Error(got.stderr)
	}
	w.must(0, "cleanup")
	w.edit(`KeyType = "ed25519"`, `KeyType = "rsa"`)
	w.must(0, "prepare")
	w.must(0, "run", w.script("true"), "build_script")
	w.must(0, "cleanup")
}

// A container may be up some time before its health check says so.
func TestHealthChecks(t *testing.T) {
	for name, test := range map[string]struct {
		extra  string
		health []string
		code   int
		want   string
	}{
		"healthy after a while": {"AwaitHealthy = true", []string{"UNKNOWN", "UNKNOWN", "HEALTHY"}, 0,
			"Fargate task running, not healthy yet, "},
		"unhealthy": {"AwaitHealthy = true", []string{"UNKNOWN", "UNHEALTHY"}, systemFailure,
			" runs, but ECS calls it unhealthy: ci-coordinator\nHint: Look at the log"},
		"not asked for": {"", []string{"UNKNOWN"}, 0, " runs, connecting to it"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(test.extra)
			w.ecs.EarlyAddress, w.ecs.Health = true, test.health
			got := w.must(test.code, "prepare")
			if !strings.Contains(got.stdout+got.stderr, test.want) {
				t.Errorf("%s%s", got.stdout, got.stderr)
			}
			w.must(0, "cleanup")
		})
	}
}

// Tags of a task definition are for the bill; only who asks for them pays with a right.
func TestTagsOfTheTaskDefinition(t *testing.T) {
	for extra, want := range map[string]any{"": nil, "PropagateTags = true": "TASK_DEFINITION"} {
		w := newWorld(t)
		w.configure(extra)
		w.must(0, "prepare")
		if got := w.ecs.Tasks()[0].Request["propagateTags"]; got != want {
			t.Errorf("%q: %v", extra, got)
		}
	}
}

// A login shell that leaves a line open hides neither the look for ci-agent nor its upload.
func TestNoiseWithoutANewlineBeforeTheAgentComes(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	shell := filepath.Join(w.dir, "shell")
	if err := os.WriteFile(shell, []byte("#!/bin/sh\nprintf 'a prompt> '\nexec /bin/sh \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.sshd.Shell = shell
	if got := w.must(0, "prepare"); strings.Contains(got.stdout, "ci-agent") {
		t.Error(got.stdout)
	}
	if got := w.must(0, "run", w.script("echo hello"), "build_script"); got.stdout != "hello\n" {
		t.Errorf("%q", got.stdout)
	}
}
