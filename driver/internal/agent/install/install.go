// Package install finds ci-agent in a task, or uploads it. The driver brings ci-agent along, so that any image will do.
package install

import (
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

// version is the answer of an agent that this driver understands.
func version() string { return fmt.Sprintf("ci-agent/%d", wire.Version) }

// probe looks for the image's own agent, and for a folder for the sockets. Where the image has no agent, the folder
// must be one in which programs can run. It prints "WORD folder agent". Where the image has no agent and the driver has
// none of %[3]d bytes to upload, it creates no folder.
const probe = `umask 077
a=$(command -v ci-agent 2>/dev/null) && [ "$(ci-agent version 2>/dev/null)" = %[2]s ] || a=
[ -n "$a" ] || [ %[3]d -gt 0 ] || exit 0
for d in /run /tmp /var/tmp /dev/shm "$HOME"; do
  t=$d/.ci-agent-%[1]s
  mkdir "$t" 2>/dev/null || continue
  if [ -n "$a" ]; then echo "%[1]s $t $a"; exit 0; fi
  if echo "#!/bin/sh" 2>/dev/null >"$t/try" && chmod 700 "$t/try" && "$t/try" 2>/dev/null; then
    rm "$t/try"; echo "%[1]s $t"; exit 0
  fi
  rm -rf "$t"
done`

// upload reads the agent from stdin. Its last line is the agent's version, or the reason why there is none.
const upload = `exec 2>&1; d=%[1]s; f=$d/ci-agent
cat >"$f.new" && [ "$(wc -c <"$f.new")" -eq %[2]d ] && chmod 700 "$f.new" && mv "$f.new" "$f" &&
  v=$("$f" version) && echo "$v" && [ "$v" = %[3]s ] || rm -rf "$d"`

// Install returns the agent's path in the task and the folder for its stages. file is the agent on this host. It
// returns *Unusable where stages have to run in plain sessions, and another error where the connection was lost.
func Install(ctx context.Context, task Task, file string) (agent, directory string, err error) {
	program, size, missing := open(file)
	if missing == nil {
		defer func() { _ = program.Close() }()
	}
	name := random.Hex(8)
	output, _, err := task.Output(ctx, shell(fmt.Sprintf(probe, name, version(), size)), strings.NewReader(""))
	if err != nil {
		return "", "", fmt.Errorf("looking for ci-agent in the task: %w", err)
	}
	_, found, _ := strings.Cut(output, name+" ")
	directory, agent, _ = strings.Cut(strings.TrimSpace(found), " ")
	switch {
	case directory == "" && missing != nil:
		return "", "", missing
	case directory == "":
		return "", "", &Unusable{"the task has no folder in which a program can be put and executed"}
	case strings.ContainsAny(directory+agent, "\n"):
		return "", "", &Unusable{"the task's login shell prints what the driver does not understand"}
	case agent != "":
		return agent, directory, nil
	}
	output, _, err = task.Output(ctx, shell(fmt.Sprintf(upload, shellquote.Quote(directory), size, version())), program)
	if err != nil {
		return "", "", fmt.Errorf("bringing ci-agent into the task: %w", err)
	}
	output = strings.TrimSpace(output)
	if last := output[strings.LastIndexByte(output, '\n')+1:]; last != version() {
		return "", "", &Unusable{"ci-agent does not work in the task: " + last}
	}
	return directory + "/ci-agent", directory, nil
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
