package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/state"
)

// elsewhere are changes of fargate.toml in mid-job that name another place than the job's task is in.
var elsewhere = map[string]func(*world){
	"another cluster": func(w *world) {
		w.ecs.Lock()
		w.ecs.Clusters = append(w.ecs.Clusters, "renamed")
		w.ecs.Unlock()
		w.edit(`Cluster = "cluster"`, `Cluster = "renamed"`)
	},
	"a cluster that is not there": func(w *world) { w.edit(`Cluster = "cluster"`, `Cluster = "none"`) },
	"another region":              func(w *world) { w.edit(`Region = "us-east-1"`, `Region = "eu-west-1"`) },
	"no region": func(w *world) {
		w.t.Setenv("AWS_REGION", "eu-west-1")
		w.edit("Region = \"us-east-1\"\n", "")
	},
}

// otherwise are changes that name another sshd or another task.
var otherwise = map[string]func(*world){
	"another user":            func(w *world) { w.edit(`Username = "root"`, `Username = "nobody"`) },
	"another port":            func(w *world) { w.edit("\nPort = ", "\nPort = 1 # ") },
	"another task definition": func(w *world) { w.edit(`TaskDefinition = "ci:3"`, `TaskDefinition = "none"`) },
}

// A changed fargate.toml changes nothing for the jobs that run.
func TestTheFileChangesWhileAJobRuns(t *testing.T) {
	changes := maps.Clone(elsewhere)
	maps.Copy(changes, otherwise)
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.ecs.Memory = "2048"
			w.must(0, "prepare")
			change(w)
			if got := w.must(0, "run", w.script("echo ran"), "build_script"); got.stdout != "ran\n" {
				t.Errorf("stdout: %q", got.stdout)
			}
			got := w.must(buildFailure, "run", w.script("exit 137"), "build_script")
			if !strings.Contains(got.stderr, "2048") {
				t.Errorf("the task's memory is not told: %s", got.stderr)
			}
			w.must(0, "cleanup")
			if w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
				t.Errorf("left: %d tasks, files %v", w.ecs.Running(), w.stateFiles())
			}
		})
	}
}

// The task's ARN says where it is. Without one, the state does.
func TestTheFileChangesBeforeRunTaskHasAnswered(t *testing.T) {
	for name, change := range elsewhere {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must(0, "prepare")
			w.change(func(known *state.Task) { known.ARN, known.Address = "", "" })
			change(w)
			w.must(0, "cleanup")
			if w.ecs.Running() != 0 || len(w.stateFiles()) != 0 {
				t.Errorf("left: %d tasks, files %v", w.ecs.Running(), w.stateFiles())
			}
		})
	}
}

// The runner calls prepare again after a cleanup that failed.
func TestPrepareAfterTheFileHasChanged(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	elsewhere["another cluster"](w)
	w.must(0, "prepare")
	tasks := w.ecs.Tasks()
	if len(tasks) != 2 || tasks[0].Status != "STOPPED" || !strings.Contains(tasks[1].ARN, "/renamed/") {
		t.Errorf("tasks: %+v", tasks)
	}
	w.must(0, "run", w.script("true"), "build_script")
	w.must(0, "cleanup")
	if w.ecs.Running() != 0 {
		t.Errorf("%d tasks run", w.ecs.Running())
	}
}

// Earlier drivers wrote neither region nor user nor port, and the file's count.
func TestStateOfAnEarlierDriver(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.change(func(known *state.Task) { known.Region, known.Username, known.Port = "", "", 0 })
	content, err := os.ReadFile(filepath.Join(w.dir, "metadata", "tasks", w.stateFiles()[0]))
	for _, key := range []string{"region", "username", "port"} {
		if err != nil || strings.Contains(string(content), `"`+key+`"`) {
			t.Fatalf("%v: %s", err, content)
		}
	}
	w.must(0, "run", w.script("true"), "build_script")
	w.must(0, "cleanup")
	if w.ecs.Running() != 0 {
		t.Errorf("%d tasks run", w.ecs.Running())
	}
}

func TestReapWhereJobsWereStartedBefore(t *testing.T) {
	left := func(w *world) {
		w.must(0, "prepare")
		w.change(func(known *state.Task) { known.Over = true })
	}
	t.Run("stops what is left there", func(t *testing.T) {
		for name, change := range elsewhere {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				left(w)
				change(w)
				there := w.reaped()
				if w.ecs.Running() != 0 || there.code != 0 && !strings.Contains(there.stderr, "Cluster not found") {
					t.Errorf("%d tasks run, exit code %d: %s", w.ecs.Running(), there.code, there.stderr)
				}
			})
		}
	})
	t.Run("and leaves live jobs alone", func(t *testing.T) {
		w := newWorld(t)
		w.must(0, "prepare")
		elsewhere["another cluster"](w)
		got := w.reap(0)
		if w.ecs.Running() != 1 || !strings.HasPrefix(got.stdout, "1 tasks run in the cluster, 0 stopped") {
			t.Errorf("%d tasks run: %s", w.ecs.Running(), got.stdout)
		}
	})
	t.Run("reads a cluster once that has a name and an ARN", func(t *testing.T) {
		w := newWorld(t)
		w.must(0, "prepare")
		w.edit(`Cluster = "cluster"`, `Cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/cluster"`)
		if w.reap(0); w.ecs.Calls("ListTasks") != 1 {
			t.Errorf("%d calls of ListTasks", w.ecs.Calls("ListTasks"))
		}
	})
	t.Run("forgets a job whose cluster is gone", func(t *testing.T) {
		w := newWorld(t)
		left(w)
		elsewhere["another cluster"](w)
		w.ecs.Lock()
		w.ecs.Clusters = []string{"renamed"}
		w.ecs.Unlock()
		w.later(25 * time.Hour)
		if w.reap(0); len(w.stateFiles()) != 0 {
			t.Errorf("left: %v", w.stateFiles())
		}
	})
	t.Run("forgets none whose cluster it cannot read", func(t *testing.T) {
		w := newWorld(t)
		left(w)
		elsewhere["another cluster"](w)
		w.later(25 * time.Hour)
		failingAt("ListTasks", 2, "AccessDeniedException")(w.ecs)
		got := w.reap(systemFailure)
		if len(w.stateFiles()) != 1 || !strings.Contains(got.stderr, "cluster cluster in us-east-1, where jobs of") {
			t.Errorf("left: %v; %s", w.stateFiles(), got.stderr)
		}
		if w.reap(0); w.ecs.Running() != 0 {
			t.Error("the task runs on")
		}
	})
}

// reaped is reap whatever its exit code: the configured cluster may be one that is not there.
func (w *world) reaped() outcome { return w.execute(w.t.Context(), "reap") }
