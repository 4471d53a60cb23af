package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// shellCommand reads the whole script before its first line runs, so that a command that reads stdin finds /dev/null
// and not the rest of the script. The script stays in memory, because it holds the job's variables and the file system
// may be read-only. The shell runs it only if its last line has arrived: the supervisor may be killed while it writes.
const shellCommand = `s=$(cat); exec </dev/null; ` +
	`case $s in *"#%[1]s") eval "$s" ;; *) echo "the script did not arrive completely" >&2; exit 1 ;; esac`

// shell is the stage's shell. It leads its session and its process group.
type shell struct {
	command *exec.Cmd
	// output is the output of the shell and its children.
	output io.Reader
}

// startShell runs the script in bash, or in sh where there is no bash. It is no login shell: profiles would replace
// PATH and other variables that the image gives to SSH sessions.
func startShell(script []byte, marker string) (*shell, error) {
	name, err := exec.LookPath("bash")
	if err != nil {
		name = "/bin/sh"
	}
	stdin, script2shell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = stdin.Close() }()
	output, shell2output, err := os.Pipe()
	if err != nil {
		_ = script2shell.Close()
		return nil, err
	}
	defer func() { _ = shell2output.Close() }()
	command := exec.Command(name, "-c", fmt.Sprintf(shellCommand, marker))
	// These are files, so that Wait returns when the shell ends and not when its output does.
	command.Stdin, command.Stdout, command.Stderr = stdin, shell2output, shell2output
	command.Env = withoutSession(os.Environ())
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	adoptOrphans()
	if err := command.Start(); err != nil {
		_ = script2shell.Close()
		_ = output.Close()
		return nil, fmt.Errorf("starting the shell: %w", err)
	}
	go func() {
		// An error means that the shell has ended.
		_, _ = script2shell.Write(script)
		_, _ = io.WriteString(script2shell, "\n#"+marker)
		_ = script2shell.Close()
	}()
	return &shell{command: command, output: output}, nil
}

// withoutSession removes the variables of the SSH session that started the supervisor. The stage outlives that session,
// and Debian's bash runs ~/.bashrc before the script where it finds SSH_CLIENT.
func withoutSession(environment []string) []string {
	return slices.DeleteFunc(environment, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"SSH_CLIENT", "SSH2_CLIENT", "SSH_CONNECTION", "SSH_TTY"}, name)
	})
}

// group is the process group's id.
func (s *shell) group() int { return s.command.Process.Pid }

// wait returns the shell's end as a result, without the length of its output. It reaps every child that ends before.
func (s *shell) wait() wire.Result {
	status, err := reap(s.group())
	switch {
	case err != nil:
		return wire.Result{Code: 255}
	case status.Signaled():
		return wire.Result{Code: 128 + int(status.Signal()), Signal: signalName(status.Signal())}
	}
	return wire.Result{Code: status.ExitStatus()}
}

// reap waits for children until the one with this id has ended, or none is left.
func reap(id int) (syscall.WaitStatus, error) {
	for {
		var status syscall.WaitStatus
		ended, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil || ended == id:
			return status, err
		}
	}
}

// signalName returns a signal's name without SIG.
func signalName(signal syscall.Signal) string {
	names := map[syscall.Signal]string{
		syscall.SIGHUP: "HUP", syscall.SIGINT: "INT", syscall.SIGQUIT: "QUIT", syscall.SIGILL: "ILL",
		syscall.SIGABRT: "ABRT", syscall.SIGFPE: "FPE", syscall.SIGKILL: "KILL", syscall.SIGUSR1: "USR1",
		syscall.SIGSEGV: "SEGV", syscall.SIGUSR2: "USR2", syscall.SIGPIPE: "PIPE", syscall.SIGALRM: "ALRM",
		syscall.SIGTERM: "TERM", syscall.SIGBUS: "BUS", syscall.SIGXCPU: "XCPU", syscall.SIGXFSZ: "XFSZ",
	}
	if name, ok := names[signal]; ok {
		return name
	}
	return strings.ToUpper(fmt.Sprintf("rt%d", int(signal)))
}
