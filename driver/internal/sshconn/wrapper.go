package sshconn

import (
	"fmt"

	"gitlab-fargate-runners/driver/internal/shellquote"
)

// remoteCommand is what sshd runs for a script.
//
// The script comes through stdin, so its size does not matter, and is read wholly before its first line runs: a command
// that reads stdin finds /dev/null and not the rest of the script. It is kept in memory: it holds the job's variables,
// and the file system may be read-only. It runs only if its last line has arrived, so that a connection that broke on
// the way does not run half of it. The first line of output tells the shell's process id, which is its process group's
// too, for sshd makes each command a session leader.
//
// It runs in bash, or sh where there is none, not as a login shell: profiles would replace the PATH and other variables
// that the image gives to SSH sessions. marker is a random word.
func remoteCommand(marker string) string {
	const body = `echo "%[1]s $$"; s=$(cat); exec </dev/null; ` +
		`case $s in *"#%[1]s") eval "$s" ;; *) echo "the script did not arrive completely" >&2; exit 1 ;; esac`
	inner := shellquote.Quote(fmt.Sprintf(body, marker))
	return "if command -v bash >/dev/null 2>&1; then exec bash -c " + inner + "; else exec sh -c " + inner + "; fi"
}

// lastLine ends the script that is sent; to the shell it is a comment.
func lastLine(marker string) string { return "\n#" + marker }

// signalCommand signals a process group. The form without "--" is the one that bash, dash and busybox share.
func signalCommand(signal string, group int) string {
	return fmt.Sprintf("kill -%s -%d", signal, group)
}
