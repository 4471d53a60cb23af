// Package install finds ci-agent in a task, or uploads it. The driver brings ci-agent along, so that any image will do.
// The same look at the task finds out which gitlab-runner its image has.
package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/random"
	"gitlab-fargate-runners/driver/internal/shellquote"
)

// Task runs commands in a task; *sshconn.Client does.
type Task interface {
	// Output returns an error only where the connection was lost or ctx ended.
	Output(ctx context.Context, command string, input io.Reader) (output string, code int, err error)
}

// Unusable is the reason why a task has no agent. The driver writes it to the job's log.
type Unusable struct{ Reason string }

func (u *Unusable) Error() string { return u.Reason }

// Found is what Install found in the task.
type Found struct {
	// Agent is the path of ci-agent in the task, Directory the folder that names the agent which serves there.
	Agent, Directory string
	// Helper is the version of the task's gitlab-runner where that is known to be another one than the runner's.
	Helper string
}

// probe looks for the image's own agent, and for a folder that can name the agent. Where the image has no agent, the
// folder must be one in which programs can run. It prints "WORD folder machine agent". Where the image has no agent and
// the driver has none to upload (%[3]t), it creates no folder. It starts the image's agent by %[6]s, with the umask that
// the job is to have.
//
// Before that it prints "WORD-helper version" where there is a gitlab-runner. It does not start the program where that
// is a link to gitlab-runner-%[4]s, as in this project's image: the start would take a tenth of a second.
const probe = `u=$(umask); umask 077; LC_ALL=C
if [ -n "%[4]s" ] && h=$(command -v gitlab-runner 2>/dev/null); then
  case $(readlink "$h" 2>/dev/null) in
  gitlab-runner-%[4]s | */gitlab-runner-%[4]s) ;;
  *) echo "%[1]s-helper $("$h" --version 2>/dev/null </dev/null | sed -n 's/^Version: *//p')" ;;
  esac
fi
a=$(command -v ci-agent 2>/dev/null) && [ "$(ci-agent version 2>/dev/null)" = %[2]s ] || a=
[ -n "$a" ] || %[3]t || exit 0
m=$(uname -m 2>/dev/null) || m=unknown
for d in /run /tmp /var/tmp /dev/shm "$HOME"; do
  t=$d/.ci-agent-%[1]s
  case $t in *[[:space:]]*) continue ;; esac
  [ ${#t} -le %[5]d ] || continue
  mkdir "$t" 2>/dev/null || continue
  if [ -n "$a" ]; then (umask "$u"; "$a" %[6]s >/dev/null 2>&1); echo "%[1]s $t $m $a"; exit 0; fi
  if echo "#!/bin/sh" 2>/dev/null >"$t/try" && chmod 700 "$t/try" && "$t/try" 2>/dev/null; then
    rm "$t/try"; echo "%[1]s $t $m"; exit 0
  fi
  rm -rf "$t"
done`

// longestFolder is the longest path of the agent's folder, in bytes: as the agent's address, it is that of a Unix
// socket. unix(7)
const longestFolder = 107

// upload reads the agent from stdin and starts it by %[4]s. It begins with a newline, as a login shell may have left
// a line open. Its last line is the agent's version, or the reason why there is none. Whether all has arrived it asks
// find, which need not read the file: busybox's wc takes longer for that than the upload. Not every image has find.
const upload = `exec 2>&1; echo; d=%[1]s; f=$d/ci-agent
cat >"$f.new" && { [ -n "$(find "$f.new" -size %[2]dc 2>/dev/null)" ] || [ "$(wc -c <"$f.new")" -eq %[2]d ]; } &&
  chmod 700 "$f.new" && mv "$f.new" "$f" &&
  v=$("$f" %[4]s) && echo "$v" && [ "$v" = %[3]s ] || rm -rf "$d"`

// Install makes sure that the task has the agent, and that it serves. file is the agent on this host; of one whose name
// has the task's architecture appended, it takes that. runner is the version of the gitlab-runner here, empty where it is
// not known. serving is the folder of an agent that may serve already: then Install brings the program alone, since a
// stage may have begun, and an agent that was started after it would not know. It returns *Unusable where stages have to
// run in plain sessions, and another error where the connection was lost.
func Install(ctx context.Context, task Task, file, runner, serving string) (Found, error) {
	name := random.Hex(8)
	inProbe, uploaded := `start --dir "$t"`, `start --dir "$d"`
	if serving != "" {
		inProbe, uploaded = "version", "version"
	}
	looking := shell(fmt.Sprintf(probe, name, wire.Name(), forAny(file), runner, longestFolder, inProbe))
	output, _, err := task.Output(ctx, looking, strings.NewReader(""))
	if err != nil {
		return Found{}, fmt.Errorf("looking for ci-agent in the task: %w", err)
	}
	found := Found{Helper: helper(output, name, runner)}
	_, place, _ := strings.Cut(output, name+" ")
	directory, rest, _ := strings.Cut(strings.TrimSpace(place), " ")
	machine, agent, _ := strings.Cut(rest, " ")
	switch {
	case strings.ContainsAny(directory+machine+agent, "\n"):
		return found, &Unusable{"the task's login shell prints what the driver does not understand"}
	case agent != "":
		found.Agent, found.Directory = agent, cmp.Or(serving, directory)
		return found, nil
	}
	program, size, missing := open(forMachine(file, machine))
	if missing != nil {
		return found, missing
	}
	defer func() { _ = program.Close() }()
	if directory == "" {
		return found, &Unusable{"the task has no folder in which a program can be put and executed"}
	}
	bringing := shell(fmt.Sprintf(upload, shellquote.Quote(directory), size, wire.Name(), uploaded))
	output, _, err = task.Output(ctx, bringing, program)
	if err != nil {
		return found, fmt.Errorf("bringing ci-agent into the task: %w", err)
	}
	if last := lastLine(output); last != wire.Name() {
		return found, &Unusable{"ci-agent does not work in the task: " + last}
	}
	found.Agent, found.Directory = directory+"/ci-agent", cmp.Or(serving, directory)
	return found, nil
}

// helper reads the version of the task's gitlab-runner from what the probe printed, where it is not the runner's own.
func helper(output, name, runner string) string {
	_, rest, _ := strings.Cut(output, name+"-helper ")
	line, _, _ := strings.Cut(rest, "\n")
	if version := strings.TrimSpace(line); version != runner {
		return version
	}
	return ""
}

// open opens the agent on this host. An empty file counts as none.
func open(file string) (*os.File, int64, error) {
	program, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, &Unusable{fmt.Sprintf("neither the image nor the runner's host (%s) has it", file)}
	}
	var info fs.FileInfo
	if err == nil {
		if info, err = program.Stat(); err != nil {
			_ = program.Close()
		}
	}
	if err != nil {
		return nil, 0, &Unusable{fmt.Sprintf("it cannot be read on the runner's host: %v", err)}
	}
	return program, info.Size(), nil
}

// shell turns a script into a line for any login shell.
func shell(script string) string { return "exec sh -c " + shellquote.Quote(script) }
