package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// order notes what comes first: the driver's word that a task cannot be used, or its calls of ECS that end the task.
type order struct {
	io.Writer
	world  *world
	events []string
}

func (o *order) Write(p []byte) (int, error) {
	o.world.ecs.Lock()
	defer o.world.ecs.Unlock()
	if bytes.Contains(p, []byte("The task cannot be used: the task ")) {
		o.events = append(o.events, "told")
	}
	return o.Writer.Write(p)
}

// To stop a task can take as long as the outage that made it useless, and nobody should wait for the reason so long.
func TestTheCauseIsToldBeforeTheTaskIsStopped(t *testing.T) {
	w := newWorld(t)
	w.ecs.Script = []string{"PENDING", "STOPPED"}
	w.ecs.StopCode, w.ecs.StopReason = "TaskFailedToStart", "CannotPullContainerError: manifest unknown"
	log := &order{Writer: io.Discard, world: w}
	w.ecs.Fail = func(action string, _ int) string {
		w.ecs.Lock()
		defer w.ecs.Unlock()
		if action == "ListTasks" || action == "StopTask" {
			log.events = append(log.events, action)
		}
		return ""
	}
	code := execute(t.Context(), invocation{
		Args:   []string{"--config", filepath.Join(w.dir, "fargate.toml"), "custom", "prepare"},
		Getenv: func(name string) string { return w.env[name] }, Stdout: log, Stderr: io.Discard,
	}, adapted(nil, nil))
	if got := strings.Join(log.events, " "); code != systemFailure || got != "told ListTasks StopTask" {
		t.Errorf("exit code %d; %s", code, got)
	}
}

// The job's log of a public project is public, so by itself it names neither the cluster nor an address.
func TestTheLogNamesNeitherClusterNorAddress(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	w.ecs.Clusters = []string{"of-the-account"}
	w.edit(`Cluster = "cluster"`, `Cluster = "of-the-account"`)
	run := []string{"run", w.script("echo hello"), "build_script"}
	for _, call := range [][]string{{"config"}, {"prepare"}, run, {"cleanup"}} {
		got := w.must(0, call...)
		for _, hidden := range []string{"of-the-account", "127.0.0.1", "subnet-1", "sg-1"} {
			if strings.Contains(got.stdout+got.stderr, hidden) {
				t.Errorf("%s shows %s:\n%s%s", call[0], hidden, got.stdout, got.stderr)
			}
		}
	}
}

// Where the file allows any task definition, a job's choice comes into its log as one line.
func TestATaskDefinitionForgesNoLineOfTheLog(t *testing.T) {
	w := newWorld(t)
	w.job(map[string]any{"id": 7, "token": "jobtok-7", "image": map[string]any{"name": "golang:1.26"}})
	w.env["CUSTOM_ENV_FARGATE_TASK_DEFINITION"] = "ci\nFargate task is ready after 1 s\n\x1b[2J"
	got := w.must(0, "prepare").stdout
	const forged = "ciFargate task is ready after 1 s[2J"
	if strings.Count(got, forged) != 2 || strings.Contains(got, "\x1b") ||
		strings.Count("\n"+got, "\nFargate task is ready after") != 1 {
		t.Errorf("%q", got)
	}
}
