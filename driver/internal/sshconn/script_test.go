package sshconn_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	octal, each := "", ""
	for range 64 {
		for b := range 256 {
			octal, each = octal+fmt.Sprintf(`\%03o`, b), each+string([]byte{byte(b)})
		}
	}
	big := strings.Repeat(": a line of 64 bytes, of which there are a lot in a large script\n", 5<<20/64)
	tests := map[string]struct {
		script, stdout, stderr string
		code                   int
	}{
		"empty":              {script: ""},
		"one byte":           {script: ":"},
		"no final newline":   {script: "printf end", stdout: "end"},
		"ends in a comment":  {script: "echo a # comment", stdout: "a\n"},
		"quotes and dollars": {script: `printf '%s|' "a'b" 'c"d' '$e' "\$f"`, stdout: `a'b|c"d|$e|$f|`},
		"both streams":       {script: "echo out; echo err >&2", stdout: "out\n", stderr: "err\n"},
		"stdin is empty":     {script: "cat; echo after", stdout: "after\n"},
		"stdin read line by line": {script: "while read -r l; do echo \"ate $l\"; done\necho after",
			stdout: "after\n"},
		"a child that eats stdin": {script: "sh -c 'cat >/dev/null'\necho after", stdout: "after\n"},
		"bash where there is one": {script: `[ -n "$BASH_VERSION" ] && echo bash`, stdout: "bash\n"},
		"errexit":                 {script: "set -e\nfalse\necho never", code: 1},
		"the runner's shape": {script: "set -eo pipefail\n: | eval $'echo one\\ncat\\nexit 42\\n'\nexit 0\n",
			stdout: "one\n", code: 42},
		"signal":                     {script: "kill -KILL $$", code: 137},
		"syntax error":               {script: "if then", code: 2},
		"more than an argument":      {script: strings.Repeat("#", 200_000) + "\necho long", stdout: "long\n"},
		"five megabytes":             {script: big + "echo last", stdout: "last\n"},
		"each byte":                  {script: `printf '` + octal + `'`, stdout: each},
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
	for noise, want := range map[string]string{
		`welcome\n`: "welcome\nhello\n", `welcome\n\n`: "welcome\n\nhello\n", `\n`: "\nhello\n", ``: "hello\n",
		`a prompt`: "a prompt\nhello\n", `two\nlines`: "two\nlines\nhello\n",
	} {
		t.Run(noise, func(t *testing.T) {
			server := sshtest.Start(t, "127.0.0.1:0", nil)
			shell := filepath.Join(t.TempDir(), "shell")
			content := "#!/bin/sh\nprintf '" + noise + "'\nexec /bin/sh \"$@\"\n"
			if err := os.WriteFile(shell, []byte(content), 0o755); err != nil {
				t.Fatal(err)
			}
			server.Shell = shell
			got := run(t.Context(), connect(t, settings(server)), "echo hello; exit 3")
			var script *failure.Script
			if !errors.As(got.err, &script) || script.Code != 3 || got.stdout != want {
				t.Errorf("got %q, %v", got.stdout, got.err)
			}
		})
	}
}

func TestBackgroundProcessHoldsTheOutput(t *testing.T) {
	client := connect(t, settings(sshtest.Start(t, "127.0.0.1:0", nil)))
	got := run(t.Context(), client, "sleep 600 & echo $!; exit 3")
	var script *failure.Script
	if !errors.As(got.err, &script) || script.Code != 3 {
		t.Errorf("got %v", got.err)
	}
	pid := strings.TrimSpace(got.stdout)
	if clean := run(t.Context(), client, "kill "+pid); clean.err != nil {
		t.Errorf("the background process %s did not outlive the script: %v", pid, clean.err)
	}
}

func TestOutputAfterTheEndIsKept(t *testing.T) {
	client := connect(t, settings(sshtest.Start(t, "127.0.0.1:0", nil)))
	got := run(t.Context(), client, "(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; echo late) & echo early")
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
