package main

import (
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/install"
	"gitlab-fargate-runners/driver/internal/ecstest"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/stage"
)

// imageUser has the container of the image, where tests may choose a user.
const imageUser = 65534

// imaged is a world whose runner allows images. ECS starts each as a container of its own, which has the volume and
// finds no bash.
type imaged struct {
	*world
	volume, bin string
	mutex       sync.Mutex
	containers  []*exec.Cmd
	// ended is how ECS shows the container; nil while it runs.
	ended map[string]any
	// services is how ECS shows the containers of services, by their names.
	services map[string]map[string]any
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
	for _, file := range []string{w.hosts(), w.hostsOfImage()} {
		if err := os.WriteFile(file, []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.adapt = func(driver *stage.Driver) {
		driver.Volume, driver.HostsFile = install.Volume(w.volume), w.hosts()
	}
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
		shown := w.ended
		if name := container["name"].(string); name != "ci-build" {
			shown = w.services[name]
		}
		maps.Copy(container, shown)
	}
	w.wants(map[string]any{"name": "node:24"})
	return w
}

// hosts is the coordinator's /etc/hosts, in whose place the image's container has another file.
func (w *imaged) hosts() string        { return filepath.Join(filepath.Dir(w.volume), "hosts") }
func (w *imaged) hostsOfImage() string { return w.hosts() + "-image" }

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

// startContainer starts what the task's definition says of the image, as another user's process 1 where tests run as
// root.
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
		args = append([]string{"env", "-i", "PATH=" + w.bin, "OF_IMAGE=yes", "HOME=/root"}, args...)
		if os.Getuid() == 0 {
			alone := []string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"}
			if one["user"] != "0" {
				user := strconv.Itoa(imageUser)
				alone = append(alone, "--setgid", user, "--setuid", user)
			}
			mounted := `mount --bind "$1" "$2" && shift 2 && exec "$@"`
			args = slices.Concat([]string{"unshare", "--mount", "sh", "-c", mounted, "sh", w.hostsOfImage(), w.hosts()}, alone, args)
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

// hurry lets the driver wait for ci-agent in the image for no time.
func (w *imaged) hurry() {
	adapt := w.adapt
	w.adapt = func(driver *stage.Driver) {
		adapt(driver)
		connect := driver.Connect
		driver.Connect = func(
			ctx context.Context, target sshconn.Target, retrying sshconn.Attempt,
		) (stage.Connection, error) {
			connection, err := connect(ctx, target, retrying)
			return hurried{connection}, err
		}
	}
}

type hurried struct{ stage.Connection }

func (h hurried) Output(ctx context.Context, command string, input io.Reader) (string, int, error) {
	return h.Connection.Output(ctx, strings.ReplaceAll(command, "--limit 5s", "--limit 1ms"), input)
}
