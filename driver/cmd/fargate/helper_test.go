package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The runner makes a warning of what an older gitlab-runner in the task refuses: prepare tells why.
func TestHelperOfTheImage(t *testing.T) {
	const older = "#!/bin/sh\ntouch %started\nprintf 'Version:      18.11.2\\nGit revision: abc\\n'\n"
	const linked = "gitlab-runner-18.11.2"
	const said = "The image's gitlab-runner is 18.11.2, but the scripts are those of runner 19.4.0: cache: and " +
		"artifacts: may not work. Put gitlab-runner-helper 19.4.0 of GitLab's release into the image, as " +
		"gitlab-runner\n"
	tests := map[string]struct {
		program, link, runner string
		set                   func(*world)
		want                  string
		started               bool
	}{
		"another version":              {program: older, runner: "19.4.0", want: said, started: true},
		"linked from another version":  {program: older, link: linked, runner: "19.4.0", want: said, started: true},
		"the runner's own version":     {program: older, runner: "18.11.2", started: true},
		"linked from the own version":  {program: older, link: linked, runner: "18.11.2"},
		"no program":                   {runner: "19.4.0"},
		"a program without a version":  {program: "#!/bin/sh\ntouch %started\nexit 1\n", runner: "19.4.0", started: true},
		"a runner that does not tell":  {program: older},
		"a variable that is a command": {program: older, runner: "19.4.0$(id)"},
		"a task without an agent": {
			program: older, runner: "19.4.0", want: said, started: true,
			set: func(w *world) { _ = os.Remove(filepath.Join(w.dir, "ci-agent")) },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withAgent()
			if test.set != nil {
				test.set(w)
			}
			w.env["CUSTOM_ENV_CI_RUNNER_VERSION"] = test.runner
			started := filepath.Join(w.dir, "started")
			w.taskProgram(test.link, strings.ReplaceAll(test.program, "%started", started))
			prepared := w.must(0, "prepare")
			if got := strings.Contains(prepared.stdout, "gitlab-runner"); got != (test.want != "") {
				t.Errorf("prepare says\n%s", prepared.stdout)
			}
			if test.want != "" && strings.Count(prepared.stdout, test.want) != 1 {
				t.Errorf("prepare says\n%s", prepared.stdout)
			}
			if _, err := os.Stat(started); (err == nil) != test.started {
				t.Errorf("the image's gitlab-runner was started: %t, want %t", err == nil, test.started)
			}
		})
	}
}

// taskProgram puts gitlab-runner into the task, as a link to the program of the other name where there is one.
func (w *world) taskProgram(link, content string) {
	w.t.Helper()
	if content == "" {
		return
	}
	name := filepath.Join(w.dir, "bin", "gitlab-runner")
	target := name
	if link != "" {
		target = filepath.Join(w.dir, "bin", link)
		if err := os.Symlink(link, name); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := os.WriteFile(target, []byte(content), 0o755); err != nil {
		w.t.Fatal(err)
	}
}
