package attach_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/failure"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
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
	octal, each := "", ""
	for range 64 {
		for b := range 256 {
			octal, each = octal+fmt.Sprintf(`\%03o`, b), each+string([]byte{byte(b)})
		}
	}
	big := strings.Repeat(": a line of 64 bytes, of which there are a lot in a large script\n", 5<<20/64)
	tests := map[string]struct {
		script, log, signal string
		code                int
	}{
		"empty":              {script: ""},
		"one byte":           {script: ":"},
		"no final newline":   {script: "printf end", log: "end"},
		"ends in a comment":  {script: "echo a # comment", log: "a\n"},
		"quotes and dollars": {script: `printf '%s|' "a'b" 'c"d' '$e' "\$f"`, log: `a'b|c"d|$e|$f|`},
		"both streams, in order": {script: "for i in 1 2 3; do echo o$i; echo e$i >&2; done",
			log: "o1\ne1\no2\ne2\no3\ne3\n"},
		"stdin is empty":          {script: "cat; echo after", log: "after\n"},
		"bash where there is one": {script: `[ -n "$BASH_VERSION" ] && echo bash`, log: "bash\n"},
		"errexit":                 {script: "set -e\nfalse\necho never", code: 1},
		"the runner's shape": {script: "set -eo pipefail\n: | eval $'echo one\\ncat\\nexit 42\\n'\nexit 0\n",
			log: "one\n", code: 42},
		"KILL":                       {script: "kill -KILL $$", code: 137, signal: "KILL"},
		"TERM":                       {script: "kill -TERM $$", code: 143, signal: "TERM"},
		"more than an argument":      {script: strings.Repeat("#", 200_000) + "\necho long", log: "long\n"},
		"five megabytes":             {script: big + "echo last", log: "last\n"},
		"each byte":                  {script: `printf '` + octal + `'`, log: each},
		"binary output":              {script: `printf '\000\377\r\n\033'`, log: "\x00\xff\r\n\x1b"},
		"not in the list of letters": {script: "echo 'grün 🚀'", log: "grün 🚀\n"},
		"a leader of its own": {
			script: `read -r _ _ _ _ group session _ </proc/$$/stat; [ $group = $$ ] && [ $session = $$ ] && echo yes`,
			log:    "yes\n",
		},
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
	content := "#!/bin/sh\nprintf 'welcome\\nto this shell'\nexec /bin/sh \"$@\"\n"
	if err := os.WriteFile(shell, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	w.sshd.Shell = shell
	if log, err := w.run("echo hello"); err != nil || log != "hello\n" {
		t.Errorf("log %q, %v", log, err)
	}
}
