package sshconn

import (
	"fmt"

	"gitlab-fargate-runners/driver/internal/shellquote"
)

// remoteCommand is the command that sshd runs for a script.
//
// The shell reads the whole script from stdin before it runs the first line. So the script may have any size, and a
// command that reads stdin finds /dev/null instead of the rest of the script. The shell keeps the script in memory,
// because it holds the job's variables and the file system may be read-only. It runs the script only if the last line
// has arrived, so a connection that breaks on the way runs no half of it. The first line of output is the shell's
// process id. It is also the id of its process group, because sshd makes each command a session leader. A newline before
// it ends a line that the shell's start-up files may have left open.
//
// The shell is bash, or sh where there is no bash. It is no login shell: profiles would replace PATH and other
// variables that the image gives to SSH sessions. Where the user's shell is bash, that one runs the script: it may have
// read ~/.bashrc, as Debian's does for sshd's commands, and its functions would be lost in another one. marker is a random
// word.
func remoteCommand(marker string) string {
	const body = `printf '\n%%s\n' "%[1]s $$"; s=$(cat); exec </dev/null; ` +
		`case $s in *"#%[1]s") eval "$s" ;; *) echo "the script did not arrive completely" >&2; exit 1 ;; esac`
	script := fmt.Sprintf(body, marker)
	inner := shellquote.Quote(script)
	return `if [ -n "$BASH_VERSION" ] && ! shopt -oq posix; then ` + script + "; " +
		"elif command -v bash >/dev/null 2>&1; then exec bash -c " + inner + "; else exec sh -c " + inner + "; fi"
}

// lastLine is the end of the script that the driver sends. To the shell it is a comment.
func lastLine(marker string) string { return "\n#" + marker }

// signalCommand signals a process group. bash, dash and busybox share the form without "--".
func signalCommand(signal string, group int) string {
	return fmt.Sprintf("kill -%s -%d", signal, group)
}
