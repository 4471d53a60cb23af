package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestJobWithAnImage(t *testing.T) {
	w := newImaged(t, `"node:*"`)
	if got := w.must(0, "config"); !strings.Contains(got.stdout,
		`"builds_dir":"/ci-job/builds","cache_dir":"/ci-job/cache"`) {
		t.Errorf("config says %s", got.stdout)
	}
	w.env["CUSTOM_ENV_CI_BUILDS_DIR"] = filepath.Join(w.volume, "builds")
	prepared := w.must(0, "prepare")
	if !strings.Contains(prepared.stdout, "The job's image is node:24, by task definition ci-image-") ||
		strings.Contains(prepared.stdout, "ignored") {
		t.Errorf("prepare says\n%s", prepared.stdout)
	}
	sources := filepath.Join(w.volume, "builds", "project")
	run := func(stage, script, want string) {
		t.Helper()
		if got := w.must(0, "run", w.script(script), stage); got.stdout != want {
			t.Errorf("%s: %q, want %q\n%s", stage, got.stdout, want, got.stderr)
		}
	}
	run("get_sources", "mkdir -p "+sources+" && echo source >"+sources+"/file && echo $OF_IMAGE; umask", "\n0000\n")
	user := os.Getuid()
	if user == 0 {
		user = imageUser
	}
	run("step_script", "cd "+sources+"; id -u; echo $OF_IMAGE ${BASH_VERSION:-no bash}; echo changed >file; "+
		"echo made >artifact", fmt.Sprintf("%d\nyes no bash\n", user))
	run("after_script", "cat "+sources+"/artifact; echo $OF_IMAGE", "made\nyes\n")
	run("upload_artifacts_on_success", "cat "+sources+"/file; echo $OF_IMAGE", "changed\n\n")
	if got := w.must(buildFailure, "run", w.script("echo $OF_IMAGE; exit 42"), "build_script"); got.stdout != "yes\n" ||
		got.stderr != "" {
		t.Errorf("%q, %q", got.stdout, got.stderr)
	}
	if code, _ := os.ReadFile(w.env["BUILD_EXIT_CODE_FILE"]); string(code) != "42" {
		t.Errorf("exit code %s", code)
	}
	run("cleanup_file_variables", "true", "")
	// ECS sends SIGTERM to the container. As the job is over, it ends at once.
	if _, err := os.Stat(filepath.Join(w.volume, "agent", "run", "over")); err != nil {
		t.Error(err)
	}
	w.must(0, "cleanup")
	w.end(syscall.SIGKILL)

	// The next job of the image, and one without any.
	if err := os.RemoveAll(filepath.Join(w.volume, "agent")); err != nil {
		t.Fatal(err)
	}
	w.must(0, "prepare")
	w.must(0, "cleanup")
	tasks := w.ecs.Tasks()
	if first, second := tasks[0].Request["taskDefinition"], tasks[1].Request["taskDefinition"]; first != second ||
		w.ecs.Calls("RegisterTaskDefinition") != 1 {
		t.Errorf("definitions %v and %v by %d registrations", first, second, w.ecs.Calls("RegisterTaskDefinition"))
	}
	delete(w.env, "CUSTOM_ENV_CI_BUILDS_DIR")
	w.job(map[string]any{"id": 7, "token": "jobtok-7", "services": []any{map[string]any{"name": "redis"}}})
	if got := w.must(0, "config"); strings.Contains(got.stdout, "builds_dir") {
		t.Errorf("config says %s", got.stdout)
	}
	if got := w.must(0, "prepare"); !strings.Contains(got.stdout, "services: redis is ignored") {
		t.Errorf("prepare says\n%s", got.stdout)
	}
	if got := w.ecs.Tasks()[2].Request["taskDefinition"]; got != "ci:1" {
		t.Errorf("a job without an image has %v", got)
	}
	w.must(0, "run", w.script("test -z \"$OF_IMAGE\""), "build_script")
	w.must(0, "cleanup")
}

// A deployment asks whether the driver can read the file before any job comes.
func TestConfigWithImagesAndNoJob(t *testing.T) {
	w := newImaged(t, `"node:*"`)
	file := w.env["JOB_RESPONSE_FILE"]
	for name := range w.env {
		if name == "JOB_RESPONSE_FILE" || strings.HasPrefix(name, "CUSTOM_ENV_") {
			delete(w.env, name)
		}
	}
	if got := w.must(0, "config"); strings.Contains(got.stdout, "builds_dir") || !strings.Contains(got.stdout, "fargate") {
		t.Errorf("config says %s", got.stdout)
	}
	// A job that cannot be read is another matter.
	w.env["JOB_RESPONSE_FILE"] = file + ".gone"
	if got := w.must(systemFailure, "config"); !strings.Contains(got.stderr, "JOB_RESPONSE_FILE") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

// A job may wait for capacity for an hour, in which a deployment may deregister what the job is about to run.
func TestATaskDefinitionThatIsDeregisteredMeanwhile(t *testing.T) {
	for name, test := range map[string]struct {
		times int
		code  int
	}{"once": {1, 0}, "again and again": {9, systemFailure}} {
		t.Run(name, func(t *testing.T) {
			w := newImaged(t, `"node:*"`)
			w.must(0, "prepare")
			w.must(0, "cleanup")
			w.end(syscall.SIGKILL)
			if err := os.RemoveAll(filepath.Join(w.volume, "agent")); err != nil {
				t.Fatal(err)
			}
			arn := fmt.Sprint(w.ecs.Tasks()[0].Request["taskDefinition"])
			family := arn[strings.LastIndex(arn, "/")+1 : strings.LastIndex(arn, ":")]
			w.ecs.Fail = func(action string, call int) string {
				if action == "RunTask" && call <= 1+test.times {
					w.ecs.Deregister(family)
				}
				return ""
			}
			got := w.must(test.code, "prepare")
			if test.code == 0 && w.ecs.Tasks()[1].Request["taskDefinition"] == w.ecs.Tasks()[0].Request["taskDefinition"] {
				t.Errorf("%v ran twice", w.ecs.Tasks()[1].Request)
			}
			if test.code != 0 && !strings.Contains(got.stderr, "TaskDefinition is inactive") {
				t.Errorf("stderr: %s", got.stderr)
			}
			if calls := w.ecs.Calls("RunTask"); calls != 3 {
				t.Errorf("%d calls of RunTask", calls)
			}
			w.must(0, "cleanup")
			if left := w.ecs.Running(); left != 0 {
				t.Errorf("%d tasks run", left)
			}
		})
	}
}

// The container of the image may end while the task goes on. The log tells why, and the job's artifacts are safe.
func TestAnImageThatEnds(t *testing.T) {
	w := newImaged(t, `"node:*"`)
	w.must(0, "prepare")
	started := filepath.Join(w.volume, "builds", "started")
	go func() {
		w.awaitFile(started)
		w.end(syscall.SIGKILL)
		w.show(map[string]any{"lastStatus": "STOPPED", "exitCode": 137,
			"reason": "OutOfMemoryError: Container killed due to memory usage"})
	}()
	const want = "ERROR: the container of the job's image node:24 has ended (exit code 137, OutOfMemoryError: Container killed " +
		"due to memory usage)\nHint: Give the task more memory"
	if got := w.must(buildFailure, "run", w.script("touch "+started+"; sleep 20"), "build_script"); !strings.Contains(
		got.stderr, want) {
		t.Errorf("stderr: %s", got.stderr)
	}
	if got := w.must(buildFailure, "run", w.script("echo after"), "after_script"); !strings.Contains(got.stderr, want) {
		t.Errorf("stderr: %s", got.stderr)
	}
	w.must(0, "run", w.script("true"), "upload_artifacts_on_failure")
	w.must(0, "cleanup")
}

func TestImagesThatCannotRun(t *testing.T) {
	for name, test := range map[string]struct {
		image    map[string]any
		services []string
		ended    map[string]any
		hurried  bool
		builds   string
		code     int
		want     string
		tasks    int
	}{
		"not allowed": {image: map[string]any{"name": "alpine"}, code: buildFailure,
			want: "ERROR: image: docker.io/library/alpine:latest is not among those that this runner allows " +
				"(Fargate.AllowedImages): node:*\nHint: Choose one of them"},
		"with services": {services: []string{"postgres:18"}, code: buildFailure,
			want: "ERROR: services: (postgres:18) cannot be had together with image: on this runner\nHint: "},
		"for another platform": {
			image: map[string]any{"name": "node:24", "executor_opts": map[string]any{"docker": map[string]any{
				"platform": "linux/arm64"}}}, code: buildFailure,
			want: "ERROR: image:docker:platform: linux/arm64 cannot be had: the tasks of ci are linux/amd64\n"},
		"that does not exist": {ended: map[string]any{"lastStatus": "STOPPED", "reason": "CannotPullContainerError: pull image " +
			"manifest has been retried 1 time(s): failed to resolve ref docker.io/library/node:24: not found"},
			code: buildFailure, want: "ERROR: the job's image node:24 cannot be pulled: CannotPullContainerError: ", tasks: 1},
		"without a shell": {ended: map[string]any{"lastStatus": "STOPPED", "reason": `CannotStartContainerError: exec: "sh": ` +
			`executable file not found in $PATH`}, code: buildFailure,
			want: "Hint: The image has no shell (sh)", tasks: 1},
		"with an entry point that does something else": {
			image: map[string]any{"name": "node:24", "entrypoint": []string{"sh", "-c", "sleep 60"}}, code: buildFailure,
			hurried: true,
			want:    "ERROR: the job's image node:24 does not begin with the job: ci-agent: it did not come within 1ms: ", tasks: 1},
		"of a runner that was not told its folders": {builds: "/builds", code: systemFailure,
			want: "Hint: config.toml needs config_exec and config_args"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newImaged(t, `"node:*"`)
			if test.image == nil {
				test.image = map[string]any{"name": "node:24"}
			}
			w.wants(test.image, test.services...)
			w.show(test.ended)
			if test.hurried {
				w.hurry()
			}
			w.env["CUSTOM_ENV_CI_BUILDS_DIR"] = test.builds
			got := w.must(test.code, "prepare")
			if !strings.Contains(got.stderr, test.want) {
				t.Errorf("stderr: %s", got.stderr)
			}
			if started, left := w.ecs.Calls("RunTask"), w.ecs.Running(); started != test.tasks || left != 0 {
				t.Errorf("%d tasks were started, %d run", started, left)
			}
			w.must(0, "cleanup")
		})
	}
}
