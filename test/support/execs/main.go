// Command execs runs a program and writes down, as a JSON list a line, the arguments of every program that it and all that
// comes of it execute, whatever namespaces they are in. The kernel stops each process as it begins to be the new program, so
// none is too short-lived to be seen. It ends when all of these processes have, with the exit code of the first.
//
//	execs FILE PROGRAM ARGUMENT…
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// From linux/ptrace.h; package syscall has the rest.
const (
	seize     = 0x4206
	listen    = 0x4208
	eventStop = 128
)

const everyChild = syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACEVFORK | syscall.PTRACE_O_TRACECLONE

func main() {
	// A process has one thread that traces it.
	runtime.LockOSThread()
	code, err := trace(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "execs:", err)
		os.Exit(125)
	}
	os.Exit(code)
}

func trace(file string, command []string) (int, error) {
	record, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	defer record.Close()
	first, err := start(command)
	if err != nil {
		return 0, err
	}
	lines, code := json.NewEncoder(record), 0
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WALL, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.ECHILD):
			return code, nil
		case err != nil:
			return 0, err
		case !status.Stopped():
			if pid == first {
				code = exitCode(status)
			}
		default:
			if status.TrapCause() == syscall.PTRACE_EVENT_EXEC {
				if err := lines.Encode(arguments(pid)); err != nil {
					return 0, err
				}
			}
			goOn(pid, status)
		}
	}
}

// start runs the program once it is traced: until then a shell waits in its place.
func start(command []string) (int, error) {
	wait, release, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	shell := exec.Command("/bin/sh", append([]string{"-c", `read _ <&3; exec "$@" 3<&-`, "sh"}, command...)...)
	shell.Stdin, shell.Stdout, shell.Stderr = os.Stdin, os.Stdout, os.Stderr
	shell.ExtraFiles = []*os.File{wait}
	if err := shell.Start(); err != nil {
		return 0, err
	}
	pid := shell.Process.Pid
	if err := ptrace(seize, pid, everyChild|syscall.PTRACE_O_TRACEEXEC); err != nil {
		_ = shell.Process.Kill()
		return 0, fmt.Errorf("trace: %w", err)
	}
	_, err = fmt.Fprintln(release)
	return pid, errors.Join(err, release.Close(), wait.Close())
}

// goOn lets a process that has stopped go on, with the signal that it was about to get. One that somebody has stopped stays
// so, until it is continued.
func goOn(pid int, status syscall.WaitStatus) {
	event, signal := int(status)>>16, status.StopSignal()
	switch {
	case event == eventStop && signal != syscall.SIGTRAP:
		_ = ptrace(listen, pid, 0)
	case event != 0:
		_ = syscall.PtraceCont(pid, 0)
	default:
		// It may be gone meanwhile, by SIGKILL.
		_ = syscall.PtraceCont(pid, int(signal))
	}
}

func arguments(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return []string{"(gone)"}
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

func ptrace(request, pid int, data uintptr) error {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(pid), 0, data, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
