package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const unavailable = "Capacity is unavailable at this time. Please try again later or in a different availability zone"

// asked tells for a RunTask which capacity and subnets it asked for.
func asked(request map[string]any) string {
	capacity, _ := request["launchType"].(string)
	providers, _ := request["capacityProviderStrategy"].([]any)
	for _, provider := range providers {
		item, _ := provider.(map[string]any)
		capacity += fmt.Sprint(item["capacityProvider"])
	}
	network, _ := request["networkConfiguration"].(map[string]any)
	vpc, _ := network["awsvpcConfiguration"].(map[string]any)
	return fmt.Sprint(capacity, " ", vpc["subnets"])
}

// spot configures two subnets and spot capacity first.
func (w *world) spot(more string) {
	w.configure(`CapacityProviders = [{Name = "FARGATE_SPOT", Weight = 1}]
Subnets = ["subnet-1", "subnet-2"]
` + more)
	w.edit("Subnet = \"subnet-1\"\n", "")
}

func TestCapacity(t *testing.T) {
	tests := map[string]struct {
		more string
		// has tells for what was asked whether there is capacity.
		has  func(asked string) bool
		want []string
		code int
		log  []string
	}{
		"spot at once": {
			more: "OnDemandFallback = true", has: func(string) bool { return true },
			want: []string{"FARGATE_SPOT [subnet-1 subnet-2]"},
		},
		"the next subnet": {
			more: "OnDemandFallback = true", has: func(asked string) bool { return asked == "FARGATE_SPOT [subnet-2]" },
			want: []string{"FARGATE_SPOT [subnet-1 subnet-2]", "FARGATE_SPOT [subnet-1]", "FARGATE_SPOT [subnet-2]"},
			log: []string{"No capacity: ECS started no task: " + unavailable,
				"Trying FARGATE_SPOT capacity in subnet-2\n"},
		},
		"on demand": {
			more: "OnDemandFallback = true",
			has:  func(asked string) bool { return strings.HasPrefix(asked, "FARGATE [") },
			want: []string{"FARGATE_SPOT [subnet-1 subnet-2]", "FARGATE_SPOT [subnet-1]", "FARGATE_SPOT [subnet-2]",
				"FARGATE [subnet-1 subnet-2]"},
			log: []string{"Trying on-demand capacity\n"},
		},
		"on demand is not allowed": {
			has: func(asked string) bool { return strings.HasPrefix(asked, "FARGATE [") }, code: systemFailure,
			want: []string{"FARGATE_SPOT [subnet-1 subnet-2]", "FARGATE_SPOT [subnet-1]", "FARGATE_SPOT [subnet-2]"},
			log:  []string{"ECS started no task: " + unavailable, "Hint: Fargate has no capacity"},
		},
		"nowhere": {
			more: "OnDemandFallback = true", has: func(string) bool { return false }, code: systemFailure,
			want: []string{
				"FARGATE_SPOT [subnet-1 subnet-2]", "FARGATE_SPOT [subnet-1]", "FARGATE_SPOT [subnet-2]",
				"FARGATE [subnet-1 subnet-2]", "FARGATE [subnet-1]", "FARGATE [subnet-2]",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.spot(test.more)
			var got []string
			tokens := map[any]bool{}
			w.ecs.Refuse = func(input map[string]any) string {
				got, tokens[input["clientToken"]] = append(got, asked(input)), true
				if test.has(asked(input)) {
					return ""
				}
				return unavailable
			}
			prepared := w.must(test.code, "prepare")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if len(tokens) != len(got) {
				t.Errorf("%d client tokens for %d different requests", len(tokens), len(got))
			}
			for _, line := range test.log {
				if !strings.Contains(prepared.stdout+prepared.stderr, line) {
					t.Errorf("the log lacks %q:\n%s%s", line, prepared.stdout, prepared.stderr)
				}
			}
			w.must(0, "cleanup")
			if w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
				t.Errorf("left: %d tasks, files %v", w.ecs.Running(), w.stateFiles())
			}
		})
	}
}

func TestCapacityThatIsMissedOnlyLater(t *testing.T) {
	w := newWorld(t)
	w.spot("OnDemandFallback = true")
	w.ecs.Script = []string{"PROVISIONING", "STOPPED"}
	w.ecs.StopCode, w.ecs.StopReason = "TaskFailedToStart", unavailable
	w.ecs.Refuse = func(input map[string]any) string { // locked
		if strings.HasPrefix(asked(input), "FARGATE [") {
			w.ecs.Script = []string{"RUNNING"}
		}
		return ""
	}
	got := w.must(0, "prepare")
	if len(w.ecs.Tasks()) != 4 || w.ecs.Running() != 1 ||
		!strings.Contains(got.stdout, "stopped: TaskFailedToStart: "+unavailable) {
		t.Errorf("%d of %d tasks run:\n%s", w.ecs.Running(), len(w.ecs.Tasks()), got.stdout)
	}
	if w.reap(0); w.ecs.Running() != 1 {
		t.Error("the live job's task was stopped")
	}
}

// AWS counts spot and on-demand capacity apart, and the same in every subnet.
func TestQuota(t *testing.T) {
	for name, test := range map[string]struct {
		more string
		full string
		code int
		want []string
	}{
		"of spot": {"OnDemandFallback = true", "FARGATE_SPOT", 0,
			[]string{"FARGATE_SPOT [subnet-1 subnet-2]", "FARGATE [subnet-1 subnet-2]"}},
		"of spot, without a fallback": {"", "FARGATE_SPOT", systemFailure, []string{"FARGATE_SPOT [subnet-1 subnet-2]"}},
		"of both": {"OnDemandFallback = true", "FARGATE", systemFailure,
			[]string{"FARGATE_SPOT [subnet-1 subnet-2]", "FARGATE [subnet-1 subnet-2]"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.spot(test.more)
			var got []string
			w.ecs.Refuse = func(input map[string]any) string {
				got = append(got, asked(input))
				if strings.HasPrefix(asked(input), test.full) {
					return "You've reached the limit on the number of vCPUs you can run concurrently"
				}
				return ""
			}
			prepared := w.must(test.code, "prepare")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if test.code != 0 && !strings.Contains(prepared.stderr, "Hint: A Fargate quota") {
				t.Error(prepared.stderr)
			}
		})
	}
}

func TestOtherFailuresHaveNoSecondTry(t *testing.T) {
	w := newWorld(t)
	w.spot("OnDemandFallback = true")
	w.ecs.Failures = []string{"something that nobody knows"}
	got := w.must(systemFailure, "prepare")
	if w.ecs.Calls("RunTask") != 1 || !strings.Contains(got.stderr, "ECS started no task: something") {
		t.Errorf("%d calls; %s", w.ecs.Calls("RunTask"), got.stderr)
	}
}

func TestSizeOfTheJob(t *testing.T) {
	w := newWorld(t)
	w.configure("MaxCPU = 4096\nMaxMemory = 8192\nMaxEphemeralStorage = 50\n" +
		"AllowedTaskDefinitions = [\"large\"]\nAllowedPlatformVersions = [\"LATEST\"]")
	for name, value := range map[string]string{"CPU": "2048", "MEMORY": "8192", "EPHEMERAL_STORAGE": "50",
		"TASK_DEFINITION": "large:2", "PLATFORM_VERSION": "LATEST"} {
		w.env["CUSTOM_ENV_FARGATE_"+name] = value
	}
	got := w.must(0, "prepare")
	if !strings.Contains(got.stdout,
		"a Fargate task of large:2 with 2048 CPU units, 8192 MiB of memory, 50 GiB of storage (on-demand capacity)\n") {
		t.Error(got.stdout)
	}
	overrides, _ := w.ecs.Tasks()[0].Request["overrides"].(map[string]any)
	delete(overrides, "containerOverrides")
	want := map[string]any{"cpu": "2048", "memory": "8192", "ephemeralStorage": map[string]any{"sizeInGiB": 50.0}}
	if diff := cmp.Diff(want, overrides); diff != "" {
		t.Errorf("overrides (-want +got):\n%s", diff)
	}
	w.must(0, "cleanup")

	for name, value := range map[string]string{"CPU": "8192", "MEMORY": "much", "EPHEMERAL_STORAGE": "51",
		"TASK_DEFINITION": "larger", "PLATFORM_VERSION": "1.3.0"} {
		t.Run(name, func(t *testing.T) {
			before := w.env["CUSTOM_ENV_FARGATE_"+name]
			w.env["CUSTOM_ENV_FARGATE_"+name] = value
			defer func() { w.env["CUSTOM_ENV_FARGATE_"+name] = before }()
			calls := w.ecs.Calls("RunTask")
			got := w.must(buildFailure, "prepare")
			if !strings.Contains(got.stderr, "ERROR: FARGATE_"+name+" is ") || w.ecs.Calls("RunTask") != calls {
				t.Errorf("%d calls; %s", w.ecs.Calls("RunTask")-calls, got.stderr)
			}
			w.must(0, "config")
			w.must(0, "cleanup")
		})
	}
}

// A job whose provider is refused goes on to the other, whichever it has drawn; a base is counted over the host's jobs.
func TestJobsAreDividedAmongProviders(t *testing.T) {
	w := newWorld(t)
	w.configure(`CapacityProviders = [{Name = "FARGATE_SPOT", Weight = 4}, {Name = "FARGATE", Weight = 1}]`)
	var got []string
	w.ecs.Refuse = func(input map[string]any) string {
		if got = append(got, asked(input)); len(got) == 1 {
			return unavailable
		}
		return ""
	}
	w.must(0, "prepare")
	if len(got) != 2 || got[0] == got[1] || w.ecs.Running() != 1 {
		t.Errorf("asked for %v", got)
	}
	w.must(0, "cleanup")

	w.configure(`CapacityProviders = [{Name = "FARGATE_SPOT", Weight = 1}, {Name = "FARGATE", Base = 1}]`)
	w.ecs.Refuse = nil
	for i, want := range []string{"FARGATE [subnet-1]", "FARGATE_SPOT [subnet-1]", "FARGATE_SPOT [subnet-1]"} {
		w.nextJob(20 + i)
		said := w.must(0, "prepare").stdout
		if got := asked(w.ecs.Tasks()[1+i].Request); got != want {
			t.Errorf("job %d is on %s, want %s", i+1, got, want)
		}
		if provider, _, _ := strings.Cut(want, " "); !strings.Contains(said, "("+provider+" capacity)\n") {
			t.Errorf("the log of a job on %s says\n%s", want, said)
		}
	}
	w.nextJob(20)
	w.must(0, "cleanup")
	w.nextJob(23)
	w.must(0, "prepare")
	if got := asked(w.ecs.Tasks()[4].Request); got != "FARGATE [subnet-1]" {
		t.Errorf("once the base is free again a job is on %s", got)
	}
}
