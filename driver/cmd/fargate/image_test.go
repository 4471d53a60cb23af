package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/install"
	"gitlab-fargate-runners/driver/internal/ecstest"
	"gitlab-fargate-runners/driver/internal/stage"
)

// imageUser has the container of the image, where tests may choose a user.
const imageUser = 65534

// imaged is a world whose runner allows images. ECS starts each as a container of its own, with a file system that lacks
// bash, and with the volume.
type imaged struct {
	*world
	volume, bin string
	mutex       sync.Mutex
	containers  []*exec.Cmd
	// ended is how ECS shows the container; nil while it runs.
	ended map[string]any
}

func newImaged(t *testing.T, allowed string) *imaged {
	t.Helper()
	w := &imaged{world: newWorld(t)}
	w.withAgent()
	folder, err := os.MkdirTemp("", "volume") // whose path is short and open to others
	if err == nil {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.volume, w.bin = filepath.Join(folder, "ci-job"), filepath.Join(folder, "bin")
	t.Cleanup(func() {
		w.end(syscall.SIGKILL)
		_ = os.RemoveAll(folder)
	})
	for _, made := range []string{w.volume, w.bin} {
		if err := os.Mkdir(made, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range []string{"sh", "cat", "id", "sleep", "umask", "mkdir", "touch"} {
		if path, err := exec.LookPath(program); err == nil {
			_ = os.Symlink(path, filepath.Join(w.bin, program))
		}
	}
	if err := os.Remove(filepath.Join(w.dir, "bin", "mkdir")); err != nil { // ci-agent goes to its folder all the same
		t.Fatal(err)
	}
	mkdir := "#!/bin/sh\ncase $1 in -p | \"" + w.home + "\"/*) exec /bin/mkdir \"$@\" ;; esac\nexit 1\n"
	if err := os.WriteFile(filepath.Join(w.dir, "bin", "mkdir"), []byte(mkdir), 0o755); err != nil {
		t.Fatal(err)
	}
	w.edit("\n[TaskMetadata]", "AllowedImages = ["+allowed+"]\n\n[TaskMetadata]")
	w.adapt = func(driver *stage.Driver) { driver.Volume = install.Volume(w.volume) }
	w.ecs.Define(map[string]any{
		"family": "ci", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512",
		"containerDefinitions": []any{map[string]any{"name": "ci-coordinator", "image": "ci:1"}},
	})
	w.edit(`"ci:3"`, `"ci:1"`)
	given := w.ecs.OnRun
	w.ecs.OnRun = func(task *ecstest.Task) {
		given(task)
		w.startContainer(task)
	}
	w.ecs.ShowContainer = func(_ *ecstest.Task, container map[string]any) {
		for key, value := range w.ended {
			container[key] = value
		}
	}
	w.wants(map[string]any{"name": "node:24"})
	return w
}

// wants makes it a job with this image.
func (w *imaged) wants(image map[string]any, more ...string) {
	w.t.Helper()
	payload := map[string]any{"id": 7, "token": "jobtok-7", "image": image}
	var services []any
	for _, name := range more {
		services = append(services, map[string]any{"name": name})
	}
	payload["services"] = services
	w.job(payload)
}

// startContainer starts what the task's definition says of the image, in a container of its own where tests run as root.
func (w *imaged) startContainer(task *ecstest.Task) {
	name, _ := task.Request["taskDefinition"].(string)
	containers, _ := w.ecs.Definition(name)["containerDefinitions"].([]any)
	for _, item := range containers {
		one := item.(map[string]any)
		if one["name"] != "ci-build" {
			continue
		}
		var args []string
		for _, key := range []string{"entryPoint", "command"} {
			words, _ := one[key].([]any)
			for _, word := range words {
				args = append(args, word.(string))
			}
		}
		args = append([]string{"env", "-i", "PATH=" + w.bin, "OF_IMAGE=yes"}, args...)
		if os.Getuid() == 0 {
			user := strconv.Itoa(imageUser)
			args = append([]string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--setgid", user, "--setuid",
				user}, args...)
		}
		command := exec.Command(args[0], args[1:]...)
		command.Stderr = os.Stderr
		command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := command.Start(); err != nil {
			w.t.Error(err)
			return
		}
		w.mutex.Lock()
		w.containers = append(w.containers, command)
		w.mutex.Unlock()
	}
}

// end sends a signal to the containers and waits for their end.
func (w *imaged) end(signal syscall.Signal) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, container := range w.containers {
		_ = syscall.Kill(-container.Process.Pid, signal)
		_ = container.Wait()
	}
	w.containers = nil
}

// show lets ECS show the container as ended.
func (w *imaged) show(ended map[string]any) {
	w.ecs.Lock()
	defer w.ecs.Unlock()
	w.ended = ended
}

func TestJobWithAnImage(t *testing.T) {
	w := newImaged(t, `"node:*"`)
	if got := w.must(0, "config"); !strings.Contains(got.stdout, `"builds_dir":"/ci-job/builds","cache_dir":"/ci-job/cache"`) {
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
	run("step_script", "cd "+sources+"; id -u; echo $OF_IMAGE ${BASH_VERSION:-no bash}; echo changed >file; echo made >artifact",
		fmt.Sprintf("%d\nyes no bash\n", user))
	run("after_script", "cat "+sources+"/artifact; echo $OF_IMAGE", "made\nyes\n")
	run("upload_artifacts_on_success", "cat "+sources+"/file; echo $OF_IMAGE", "changed\n\n")
	if got := w.must(buildFailure, "run", w.script("exit 42"), "build_script"); got.stderr != "" {
		t.Errorf("%q", got.stderr)
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
		edit     [2]string
		builds   string
		code     int
		want     string
		tasks    int
	}{
		"not allowed": {image: map[string]any{"name": "alpine"}, code: buildFailure,
			want: "ERROR: image: docker.io/library/alpine:latest is not among those that this runner allows " +
				"(Fargate.AllowedImages): node:*\nHint: Choose one of them"},
		"with services": {services: []string{"postgres:18"}, code: buildFailure,
			want: "ERROR: services: (postgres:18) cannot be had together with image: on this runner\n"},
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
			edit: [2]string{`ConnectTimeout = "5s"`, `ConnectTimeout = "1s"`},
			want: "ERROR: the job's image node:24 does not begin with the job: ci-agent: it did not come within 1s: ", tasks: 1},
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
			if test.edit[0] != "" {
				w.edit(test.edit[0], test.edit[1])
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
