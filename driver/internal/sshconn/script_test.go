package sshconn_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

func TestExitCodes(t *testing.T) {
	client := connect(t, settings(sshtest.Start(t, "127.0.0.1:0", nil)))
	for code := range 256 {
		got := run(t.Context(), client, fmt.Sprintf("echo ran; exit %d\necho never", code))
		if got.stdout != "ran\n" {
			t.Fatalf("exit %d: stdout is %q", code, got.stdout)
		}
		var script *failure.Script
		switch {
		case code == 0 && got.err != nil, code > 0 && !errors.As(got.err, &script), code > 0 && script.Code != code:
			t.Errorf("exit %d: got %v", code, got.err)
		}
	}
}

func TestScripts(t *testing.T) {
	client := connect(t, settings(sshtest.Start(t, "127.0.0.1:0", nil)))
	big := strings.Repeat(": a line of 64 bytes, of which there are a lot in a large script\n", 2<<20/64)
	tests := map[string]struct {
		script, stdout, stderr string
		code                   int
	}{
		"empty":                      {script: ""},
		"one byte":                   {script: ":"},
		"no final newline":           {script: "printf end", stdout: "end"},
		"ends in a comment":          {script: "echo a # comment", stdout: "a\n"},
		"quotes and dollars":         {script: `printf '%s|' "a'b" 'c"d' '$e' "\$f"`, stdout: `a'b|c"d|$e|$f|`},
		"both streams":               {script: "echo out; echo err >&2", stdout: "out\n", stderr: "err\n"},
		"stdin is empty":             {script: "cat; echo after", stdout: "after\n"},
		"stdin read line by line":    {script: "while read -r l; do echo \"ate $l\"; done\necho after", stdout: "after\n"},
		"a child that eats stdin":    {script: "sh -c 'cat >/dev/null'\necho after", stdout: "after\n"},
		"bash where there is one":    {script: `[ -n "$BASH_VERSION" ] && echo bash`, stdout: "bash\n"},
		"errexit":                    {script: "set -e\nfalse\necho never", code: 1},
		"the runner's shape":         {script: "set -eo pipefail\n: | eval $'echo one\\ncat\\nexit 42\\n'\nexit 0\n", stdout: "one\n", code: 42},
		"signal":                     {script: "kill -KILL $$", code: 137},
		"syntax error":               {script: "if then", code: 2},
		"more than an argument":      {script: strings.Repeat("#", 200_000) + "\necho long", stdout: "long\n"},
		"two megabytes":              {script: big + "echo last", stdout: "last\n"},
		"binary output":              {script: `printf '\000\377\r\n\033'`, stdout: "\x00\xff\r\n\x1b"},
		"not in the list of letters": {script: "echo 'grün 🚀'", stdout: "grün 🚀\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t.Context(), client, test.script)
			code := 0
			var script *failure.Script
			if errors.As(got.err, &script) {
				code = script.Code
			} else if got.err != nil {
				t.Fatal(got.err)
			}
			if diff := cmp.Diff(test.stdout, got.stdout); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if test.code != 2 && got.stderr != test.stderr { // a syntax error's words are the shell's own
				t.Errorf("stderr is %q, want %q", got.stderr, test.stderr)
			}
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
		})
	}
}

func TestWithoutBash(t *testing.T) {
	server := sshtest.Start(t, "127.0.0.1:0", nil)
	bin := t.TempDir()
	for _, tool := range []string{"cat", "sh"} {
		if err := os.Symlink("/bin/"+tool, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	server.Env = []string{"PATH=" + bin}
	got := run(t.Context(), connect(t, settings(server)), `echo "bash:$BASH_VERSION"; cat; exit 7`)
	var script *failure.Script
	if got.stdout != "bash:\n" || !errors.As(got.err, &script) || script.Code != 7 {
		t.Errorf("got %q, %v", got.stdout, got.err)
	}
}

func TestLoginShellThatRunsNothing(t *testing.T) {
	server := sshtest.Start(t, "127.0.0.1:0", nil)
	server.Shell = "/bin/false"
	got := run(t.Context(), connect(t, settings(server)), "echo hello")
	var script *failure.Script
	if got.err == nil || errors.As(got.err, &script) || !strings.Contains(got.err.Error(), "did not start the script") {
		t.Errorf("got %v, want a failure that is not the script's", got.err)
	}
}

func TestNoiseBeforeTheScript(t *testing.T) {
	server := sshtest.Start(t, "127.0.0.1:0", nil)
	shell := filepath.Join(t.TempDir(), "shell")
	if err := os.WriteFile(shell, []byte("#!/bin/sh\necho welcome\nexec /bin/sh \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	server.Shell = shell
	got := run(t.Context(), connect(t, settings(server)), "echo hello")
	if got.err != nil || got.stdout != "welcome\nhello\n" {
		t.Errorf("got %q, %v", got.stdout, got.err)
	}
}

func TestBackgroundProcessHoldsTheOutput(t *testing.T) {
	client := connect(t, settings(sshtest.Start(t, "127.0.0.1:0", nil)))
	started := time.Now()
	got := run(t.Context(), client, "sleep 60 & echo $!; exit 3")
	var script *failure.Script
	if !errors.As(got.err, &script) || script.Code != 3 || time.Since(started) > 20*time.Second {
		t.Errorf("got %v after %s", got.err, time.Since(started))
	}
	pid := strings.TrimSpace(got.stdout)
	if clean := run(t.Context(), client, "kill "+pid); clean.err != nil {
		t.Errorf("the background process %s did not outlive the script: %v", pid, clean.err)
	}
}

func TestOutputAfterTheEndIsKept(t *testing.T) {
	client := connect(t, settings(sshtest.Start(t, "127.0.0.1:0", nil)))
	got := run(t.Context(), client, "(sleep 0.3; echo late) & echo early")
	if got.err != nil || got.stdout != "early\nlate\n" {
		t.Errorf("got %q, %v", got.stdout, got.err)
	}
}

// slow is a log that takes a moment for each write, longer than the pause that ends a drain.
type slow struct {
	strings.Builder
	first bool
}

func (s *slow) Write(p []byte) (int, error) {
	if !s.first {
		s.first = true
		time.Sleep(1500 * time.Millisecond)
	}
	return s.Builder.Write(p)
}

func TestSlowLogIsComplete(t *testing.T) {
	client := connect(t, settings(sshtest.Start(t, "127.0.0.1:0", nil)))
	var log slow
	err := client.Run(t.Context(), sshconn.Script{
		Source: strings.NewReader("seq 1 200000"), Stdout: &log, Stderr: &log,
	})
	if err != nil || !strings.HasSuffix(log.String(), "\n200000\n") || strings.Count(log.String(), "\n") != 200000 {
		t.Errorf("%v, %d lines", err, strings.Count(log.String(), "\n"))
	}
}

func TestCancel(t *testing.T) {
	cause := errors.New("job cancelled")
	tests := map[string]struct {
		script string
		grace  time.Duration
		stdout string
	}{
		"TERM reaches the whole group": {
			script: "trap 'echo got TERM; exit 1' TERM\nsleep 300 & wait", grace: 10 * time.Second, stdout: "got TERM\n",
		},
		"KILL ends what ignores TERM": {
			script: "trap '' TERM\nsleep 300; sleep 300", grace: 100 * time.Millisecond,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings(sshtest.Start(t, "127.0.0.1:0", nil))
			s.KillGracePeriod = config.Duration{Duration: test.grace}
			client := connect(t, s)
			pidFile := filepath.Join(t.TempDir(), "pid")
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				for ctx.Err() == nil {
					if content, err := os.ReadFile(pidFile); err == nil && len(content) > 0 {
						cancel(cause)
					}
					time.Sleep(10 * time.Millisecond)
				}
			}()
			got := run(ctx, client, fmt.Sprintf("echo $$ >%s\n%s", pidFile, test.script))
			if !errors.Is(got.err, cause) || got.stdout != test.stdout {
				t.Errorf("got %q, %v", got.stdout, got.err)
			}
			pid, err := os.ReadFile(pidFile)
			if err != nil {
				t.Fatal(err)
			}
			if left := processes(t, strings.TrimSpace(string(pid))); len(left) > 0 {
				t.Errorf("processes of the script are left: %v", left)
			}
		})
	}
}

func TestConnectionLost(t *testing.T) {
	t.Run("cut", func(t *testing.T) {
		server := sshtest.Start(t, "127.0.0.1:0", nil)
		client := connect(t, settings(server))
		time.AfterFunc(200*time.Millisecond, server.Cut)
		got := run(t.Context(), client, "sleep 5")
		if !errors.Is(got.err, sshconn.ErrLost) {
			t.Errorf("got %v", got.err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		server := sshtest.Start(t, "127.0.0.1:0", nil)
		s := settings(server)
		s.KeepAliveInterval = config.Duration{Duration: 50 * time.Millisecond}
		client := connect(t, s)
		time.AfterFunc(200*time.Millisecond, func() { server.Mute.Store(true) })
		got := run(t.Context(), client, "sleep 5")
		if !errors.Is(got.err, sshconn.ErrStalled) {
			t.Errorf("got %v", got.err)
		}
	})
}

// cutOff is a script whose transfer breaks in the middle.
type cutOff struct {
	content string
	then    func()
}

func (c *cutOff) Read(p []byte) (int, error) {
	if c.content == "" {
		c.then()
		return 0, errors.New("disk error")
	}
	n := copy(p, c.content)
	c.content = c.content[n:]
	return n, nil
}

func TestHalfAScriptDoesNotRun(t *testing.T) {
	breaks := map[string]func(*sshtest.Server){
		"the network broke":          (*sshtest.Server).Cut,
		"the file could not be read": func(*sshtest.Server) {},
	}
	for name, breakIt := range breaks {
		t.Run(name, func(t *testing.T) {
			server := sshtest.Start(t, "127.0.0.1:0", nil)
			proof := filepath.Join(t.TempDir(), "ran")
			err := connect(t, settings(server)).Run(t.Context(), sshconn.Script{
				Source: &cutOff{"touch " + proof + "\n", func() { breakIt(server) }},
				Stdout: &strings.Builder{}, Stderr: &strings.Builder{},
			})
			var script *failure.Script
			if err == nil || errors.As(err, &script) {
				t.Errorf("got %v, want a failure that is not the script's", err)
			}
			server.AwaitCommands()
			if _, err := os.Stat(proof); err == nil {
				t.Error("a script ran that had not arrived completely")
			}
		})
	}
}

// processes returns the ids of a process group's living members.
func processes(t *testing.T, group string) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var living []string
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// "pid (name) state parent group …", where the name may hold anything
		_, rest, _ := strings.Cut(string(content), ") ")
		if fields := strings.Fields(rest); len(fields) > 2 && fields[2] == group && fields[0] != "Z" {
			living = append(living, path)
		}
	}
	return living
}
