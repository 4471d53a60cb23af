package attach_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/failure"
)

func TestExitCodes(t *testing.T) {
	w := newWorld(t)
	for code := range 256 {
		log, err := w.run(fmt.Sprintf("echo ran; exit %d\necho never", code))
		var script *failure.Script
		if log != "ran\n" || code == 0 && err != nil || code > 0 && (!errors.As(err, &script) || script.Code != code) {
			t.Errorf("exit %d: log %q, %v", code, log, err)
		}
	}
}

func TestScripts(t *testing.T) {
	big := strings.Repeat(": a line of 64 bytes, of which there are a lot in a large script\n", 5<<20/64)
	tests := map[string]struct {
		script, log, signal string
		code                int
	}{
		"empty":                      {script: ""},
		"one byte":                   {script: ":"},
		"no final newline":           {script: "printf end", log: "end"},
		"ends in a comment":          {script: "echo a # comment", log: "a\n"},
		"quotes and dollars":         {script: `printf '%s|' "a'b" 'c"d' '$e' "\$f"`, log: `a'b|c"d|$e|$f|`},
		"both streams, in order":     {script: "for i in 1 2 3; do echo o$i; echo e$i >&2; done", log: "o1\ne1\no2\ne2\no3\ne3\n"},
		"stdin is empty":             {script: "cat; echo after", log: "after\n"},
		"bash where there is one":    {script: `[ -n "$BASH_VERSION" ] && echo bash`, log: "bash\n"},
		"errexit":                    {script: "set -e\nfalse\necho never", code: 1},
		"the runner's shape":         {script: "set -eo pipefail\n: | eval $'echo one\\ncat\\nexit 42\\n'\nexit 0\n", log: "one\n", code: 42},
		"KILL":                       {script: "kill -KILL $$", code: 137, signal: "KILL"},
		"TERM":                       {script: "kill -TERM $$", code: 143, signal: "TERM"},
		"more than an argument":      {script: strings.Repeat("#", 200_000) + "\necho long", log: "long\n"},
		"five megabytes":             {script: big + "echo last", log: "last\n"},
		"binary output":              {script: `printf '\000\377\r\n\033'`, log: "\x00\xff\r\n\x1b"},
		"not in the list of letters": {script: "echo 'grün 🚀'", log: "grün 🚀\n"},
		"a leader of its own":        {script: `read -r _ _ _ _ group session _ </proc/$$/stat; [ $group = $$ ] && [ $session = $$ ] && echo yes`, log: "yes\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			log, err := newWorld(t).run(test.script)
			var script *failure.Script
			if !errors.As(err, &script) {
				script = &failure.Script{}
			}
			if err != nil && script.Code == 0 {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.log, log); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
			if script.Code != test.code || script.Signal != test.signal {
				t.Errorf("got %+v", script)
			}
		})
	}
}

func TestWithoutBash(t *testing.T) {
	w := newWorld(t)
	for _, tool := range []string{"cat", "sh"} {
		if err := os.Symlink("/bin/"+tool, w.file(tool)); err != nil {
			t.Fatal(err)
		}
	}
	w.sshd.Env = []string{"PATH=" + w.dir}
	log, err := w.run(`echo "bash:$BASH_VERSION"; exit 7`)
	var script *failure.Script
	if log != "bash:\n" || !errors.As(err, &script) || script.Code != 7 {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestNoiseBeforeTheAgent(t *testing.T) {
	w := newWorld(t)
	shell := w.file("shell")
	if err := os.WriteFile(shell, []byte("#!/bin/sh\nprintf 'welcome\\nto this shell'\nexec /bin/sh \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.sshd.Shell = shell
	if log, err := w.run("echo hello"); err != nil || log != "hello\n" {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestBackgroundProcess(t *testing.T) {
	t.Run("that holds the output", func(t *testing.T) {
		w := newWorld(t)
		started := time.Now()
		log, err := w.run("(for i in 1 2 3 4 5 6 7 8 9; do sleep 0.5; echo tick; done; echo >" + w.file("end") + ") & exit 3")
		var script *failure.Script
		if !errors.As(err, &script) || script.Code != 3 || strings.ReplaceAll(log, "tick\n", "") != "" {
			t.Errorf("log %q, %v", log, err)
		}
		if time.Since(started) > 20*time.Second {
			t.Errorf("it took %s", time.Since(started))
		}
		w.await("end") // nobody has closed its output
	})
	t.Run("whose last words are kept", func(t *testing.T) {
		log, err := newWorld(t).run("(sleep 0.3; echo late) & echo early")
		if err != nil || log != "early\nlate\n" {
			t.Errorf("log %q, %v", log, err)
		}
	})
	t.Run("that is silent", func(t *testing.T) {
		w := newWorld(t)
		started := time.Now()
		if _, err := w.run("sleep 60 & echo $! >" + w.file("pid")); err != nil || time.Since(started) > 10*time.Second {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		if pid := w.pid("pid"); syscall.Kill(pid, syscall.SIGKILL) != nil {
			t.Error("it did not outlive the script")
		}
	})
}

func TestCancel(t *testing.T) {
	cause := errors.New("job cancelled")
	tests := map[string]struct {
		script, log string
		grace       time.Duration
		cut         bool
	}{
		"TERM reaches the whole group": {script: "trap 'echo got TERM; exit 1' TERM\n%s\nsleep 300 & wait", log: "got TERM\n", grace: 10 * time.Second},
		"KILL ends what ignores TERM":  {script: "trap '' TERM\n%s\nsleep 300; sleep 300", grace: 200 * time.Millisecond},
		"a child that ignores it":      {script: "(trap '' TERM; sleep 300; sleep 300) &\n%s\nwait", grace: 200 * time.Millisecond},
		"while the connection is lost": {script: "trap 'echo got TERM; exit 1' TERM\n%s\nsleep 300 & wait", log: "got TERM\n", grace: 10 * time.Second, cut: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var log bytes.Buffer
			stage := w.stage(fmt.Sprintf(test.script, "echo $$ >"+w.file("pid")), &log)
			stage.Grace = test.grace
			ctx, cancel := context.WithCancelCause(t.Context())
			stage.Reconnecting = func(error, int64) { cancel(cause) }
			go func() {
				w.await("pid")
				if test.cut {
					w.sshd.Cut()
				} else {
					cancel(cause)
				}
			}()
			err := stage.Run(ctx)
			if !errors.Is(err, cause) || log.String() != test.log {
				t.Errorf("log %q, %v", log.String(), err)
			}
			if left := processes(t, w.await("pid")); len(left) > 0 {
				t.Errorf("processes of the script are left: %v", left)
			}
		})
	}
}

func TestCancelledBeforeTheScriptIsSent(t *testing.T) {
	w := newWorld(t)
	cause := errors.New("job cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	stage := w.stage("", &bytes.Buffer{})
	stage.Script = readerAt(func(p []byte, offset int64) (int, error) {
		if offset > 0 {
			cancel(cause)
			<-ctx.Done()
		}
		return copy(p, "echo ran >"+w.file("ran")+"\n"), nil
	})
	if err := stage.Run(ctx); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	w.sshd.AwaitCommands()
	if w.read("ran") != "" {
		t.Error("half a script ran")
	}
}

func TestScriptThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	stage := w.stage("", &bytes.Buffer{})
	stage.Script = readerAt(func(p []byte, offset int64) (int, error) {
		if offset > 0 {
			return 0, errors.New("disk error")
		}
		return copy(p, "echo ran >"+w.file("ran")+"\n"), nil
	})
	if err := stage.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "disk error") {
		t.Errorf("got %v", err)
	}
	w.sshd.AwaitCommands()
	if w.read("ran") != "" || w.connections != 1 {
		t.Error("half a script ran, or it was tried again")
	}
}

type readerAt func(p []byte, offset int64) (int, error)

func (r readerAt) ReadAt(p []byte, offset int64) (int, error) { return r(p, offset) }

func TestSupervisorKilled(t *testing.T) {
	w := newWorld(t)
	go func() {
		parent := w.pid("parent")
		_ = syscall.Kill(parent, syscall.SIGKILL)
	}()
	_, err := w.run("echo $PPID >" + w.file("parent") + "; sleep 3")
	if err == nil || !strings.Contains(err.Error(), "supervisor has ended without a result") {
		t.Errorf("got %v", err)
	}
}

func TestNoAgent(t *testing.T) {
	w := newWorld(t)
	stage := w.stage("echo hello", &bytes.Buffer{})
	stage.Agent = filepath.Join(w.dir, "it's not there")
	if err := stage.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "ended with exit code 127") || w.connections != 1 {
		t.Errorf("got %v after %d connections", err, w.connections)
	}
}
