package main

import (
	"strings"
	"testing"
)

const large = `
MaxCPU = 1024
[Profiles.large]
TaskDefinition = "large:7"
AllowedTaskDefinitions = ["large:7", "ci:3"]
CPU = 4096
Memory = 8192
MaxMemory = 16384
MaxCPU = 0
Subnets = ["subnet-9"]
TaskRole = "arn:aws:iam::123456789012:role/deploy"
ExecutionRole = "arn:aws:iam::123456789012:role/pull"
`

// variables are the job's, as GitLab sends them and as the runner hands them on.
func (w *world) variables(all map[string]string) {
	var sent []any
	for name, value := range all {
		sent = append(sent, map[string]any{"key": name, "value": value})
		w.env["CUSTOM_ENV_"+name] = value
	}
	w.job(map[string]any{"id": 7, "token": "jobtok-7", "variables": sent})
}

func (w *world) withProfile(code int, name string, args ...string) outcome {
	w.t.Helper()
	got := w.execute(w.t.Context(), append([]string{"--profile", name, "custom"}, args...)...)
	if got.code != code {
		w.t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	return got
}

func TestProfileOfARunner(t *testing.T) {
	w := newWorld(t)
	w.configure(large)
	w.withProfile(0, "large", "config")
	w.withProfile(0, "large", "prepare")
	request := w.ecs.Tasks()[0].Request
	overrides, _ := request["overrides"].(map[string]any)
	for key, want := range map[string]any{
		"cpu": "4096", "memory": "8192", "taskRoleArn": "arn:aws:iam::123456789012:role/deploy",
		"executionRoleArn": "arn:aws:iam::123456789012:role/pull",
	} {
		if overrides[key] != want {
			t.Errorf("%s: %v, want %v", key, overrides[key], want)
		}
	}
	if request["taskDefinition"] != "large:7" {
		t.Errorf("RunTask: %v", request)
	}
	w.runsAndIsCleanedUp("large")
}

// runsAndIsCleanedUp takes a job that is prepared to its end.
func (w *world) runsAndIsCleanedUp(profile string) {
	w.t.Helper()
	if got := w.withProfile(0, profile, "run", w.script("echo ran"), "build_script"); got.stdout != "ran\n" {
		w.t.Errorf("%+v", got)
	}
	w.withProfile(0, profile, "cleanup")
	if w.ecs.Running() != 0 {
		w.t.Errorf("%d tasks run", w.ecs.Running())
	}
}

// No job begins in a class that the file does not have, with whatever the file has for all. One that runs is not harmed
// when its class is taken out of the file.
func TestProfileThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.configure(large)
	for _, call := range []string{"config", "prepare"} {
		got := w.withProfile(systemFailure, "huge", call)
		if !strings.Contains(got.stderr, "--profile huge: the file has only Profiles.large") || len(w.ecs.Tasks()) > 0 {
			t.Errorf("%s: %s", call, got.stderr)
		}
	}
	w.withProfile(0, "large", "prepare")
	w.configure("")
	w.runsAndIsCleanedUp("large")
}

func TestNoProfileNamesNoRoleAndNoSize(t *testing.T) {
	w := newWorld(t)
	w.configure(large)
	w.must(0, "prepare")
	overrides, _ := w.ecs.Tasks()[0].Request["overrides"].(map[string]any)
	for _, key := range []string{"cpu", "memory", "ephemeralStorage", "taskRoleArn", "executionRoleArn"} {
		if value, has := overrides[key]; has {
			t.Errorf("%s: %v", key, value)
		}
	}
}

func TestWishesWithinAProfile(t *testing.T) {
	for name, test := range map[string]struct {
		wish map[string]string
		code int
		says string
	}{
		"granted":         {map[string]string{"FARGATE_MEMORY": "16384"}, 0, "4096 CPU units, 16384 MiB of memory"},
		"what it has":     {map[string]string{"FARGATE_CPU": "4096"}, 0, "4096 CPU units, 8192 MiB of memory"},
		"the file allows": {map[string]string{"FARGATE_CPU": "1024"}, buildFailure, "lets no job choose it"},
		"pinned":          {map[string]string{"FARGATE_TASK_DEFINITION": "ci"}, 0, "Starting a Fargate task of ci:3 ("},
		"an earlier revision": {map[string]string{"FARGATE_TASK_DEFINITION": "large:6"}, buildFailure,
			"not among those that this runner allows"},
		"what the runner calls it": {map[string]string{"CUSTOM_ENV_FARGATE_MEMORY": "16384"}, 0,
			"CUSTOM_ENV_FARGATE_MEMORY has no effect: "},
		"mistyped":      {map[string]string{"FARGATE_MEMROY": "16384"}, 0, "did you mean FARGATE_MEMORY?\n"},
		"a role":        {map[string]string{"ROLE_ARN": "arn:aws:iam::1:role/x"}, 0, "ROLE_ARN chooses no role"},
		"an empty wish": {map[string]string{"FARGATE_GPU": ""}, 0, "Starting a Fargate task of large:7 with"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(large)
			w.variables(test.wish)
			got := w.withProfile(test.code, "large", "prepare")
			if all := got.stdout + got.stderr; !strings.Contains(all, test.says) {
				t.Errorf("it says\n%s", all)
			}
			if strings.Contains(got.stdout, "FARGATE_GPU") {
				t.Errorf("an empty variable is told: %s", got.stdout)
			}
		})
	}
}

// Who writes the command line knows what a job may not; the job learns it.
func TestWishThatTheCommandLineOutweighs(t *testing.T) {
	w := newWorld(t)
	w.variables(map[string]string{"FARGATE_TASK_DEFINITION": "other"})
	got := w.execute(t.Context(), "--task-def", "ci-large:2", "custom", "prepare")
	if got.code != 0 || !strings.Contains(got.stdout, "FARGATE_TASK_DEFINITION has no effect: this runner's") {
		t.Errorf("%+v", got)
	}
}
