package resident

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// shellCommand reads the whole script from a file of its own before its first line runs, so that a command that reads
// stdin, in the script or in bash's start-up files, finds /dev/null and not the script. The script stays in memory,
// because it holds the job's variables and the file system may be read-only. The shell runs it only if its last line has
// arrived: the agent may be killed while it writes.
const shellCommand = `s=$(cat <&3); exec 3<&-; ` +
	`case $s in *"#%[1]s") eval "$s" ;; *) echo "the script did not arrive completely" >&2; exit 1 ;; esac`

// shell is the stage's shell. It leads its session and its process group.
type shell struct {
	reaper *reaper
	token  string
	// group is the id of the shell and of its process group.
	group int
	// output is the output of the shell and its children.
	output *os.File
	ended  <-chan syscall.WaitStatus
	// earlier are processes that earlier stages have left, by their id, with their start.
	earlier map[int]string
}

// startShell runs the script in bash, or in sh where there is no bash. It is no login shell, as sshd's is none for a
// command: profiles would replace PATH and other variables that the image gives to SSH sessions. But a bash that reads
// ~/.bashrc for sshd's commands, such as Debian's, reads it here too, with the functions that it has, as of nvm: it looks
// at SSH_CLIENT, and at SHLVL, by which it must not take itself for a shell within another one.
func startShell(reaper *reaper, token string, script []byte) (*shell, error) {
	name, err := exec.LookPath("bash")
	if err != nil {
		name = "/bin/sh"
	}
	source, script2shell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }()
	output, shell2output, err := os.Pipe()
	if err != nil {
		_ = script2shell.Close()
		return nil, err
	}
	defer func() { _ = shell2output.Close() }()
	marker := "ci-agent-" + token
	command := exec.Command(name, "-c", fmt.Sprintf(shellCommand, marker))
	command.Stdout, command.Stderr = shell2output, shell2output
	command.ExtraFiles = []*os.File{source}
	command.Env = append(outermost(os.Environ()), stageVariable+"="+token)
	command.Dir = folder()
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	ended, earlier, err := reaper.start(command)
	if err != nil {
		_ = script2shell.Close()
		_ = output.Close()
		return nil, err
	}
	go func() {
		// An error means that the shell has ended.
		_, _ = script2shell.Write(script)
		_, _ = io.WriteString(script2shell, "\n#"+marker)
		_ = script2shell.Close()
	}()
	group := command.Process.Pid
	_ = command.Process.Release() // The reaper waits for it.
	return &shell{reaper, token, group, output, ended, earlier}, nil
}

// outermost removes what makes a shell one within another, and the terminal that the session has not.
func outermost(environment []string) []string {
	return slices.DeleteFunc(environment, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name == "SHLVL" || name == "SSH_TTY"
	})
}

// atStart is where the agent was started, which is the user's home where sshd started it.
var atStart, _ = os.Getwd()

// folder is where a stage begins. An earlier stage may have removed the agent's own folder, or made it anew.
func folder() string {
	if info, err := os.Stat(atStart); err == nil && info.IsDir() {
		return atStart
	}
	return "/"
}

// wait returns the shell's end as a result, without the length of its output.
func (s *shell) wait() wire.Result {
	status := <-s.ended
	if status.Signaled() {
		return wire.Result{Code: 128 + int(status.Signal()), Signal: signalName(status.Signal())}
	}
	return wire.Result{Code: status.ExitStatus()}
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
