// Package runnerproc tells whether the gitlab-runner process that a driver was called by still runs. It never takes a
// job up again that another process has begun: a job whose process has ended is over.
package runnerproc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Process identifies one process for good: its id alone may be given to another one later.
type Process struct {
	// Boot is the kernel's id of this boot; PIDNamespace is where PID counts.
	Boot         string `json:"boot"`
	PIDNamespace string `json:"pid_namespace"`
	PID          int    `json:"pid"`
	// Start is when the process started, in clock ticks since the boot.
	Start string `json:"start"`
}

// name is the runner's as the kernel knows it, cut to 15 bytes there. A wrapper around the driver is a shell, and ends
// with each call.
const name = "gitlab-runner"

// Find returns the closest ancestor that is a gitlab-runner, or nil where there is none or the system does not tell.
func Find() *Process { return find("/proc", os.Getppid()) }

func find(proc string, pid int) *Process {
	for pid > 0 {
		status, err := stat(proc, pid)
		if err != nil {
			return nil
		}
		if status.name == name {
			return identify(proc, pid, status)
		}
		pid = status.parent
	}
	return nil
}

// Self is the calling process, or nil where the system does not tell.
func Self() *Process {
	const proc = "/proc"
	status, err := stat(proc, os.Getpid())
	if err != nil {
		return nil
	}
	return identify(proc, os.Getpid(), status)
}

func identify(proc string, pid int, status status) *Process {
	boot, namespace, err := here(proc)
	if err != nil {
		return nil
	}
	return &Process{Boot: boot, PIDNamespace: namespace, PID: pid, Start: status.start}
}

// Ended is true only where it is certain that the process has ended.
func (p *Process) Ended() bool { return p.ended("/proc") }

func (p *Process) ended(proc string) bool {
	if p == nil {
		return false
	}
	boot, namespace, err := here(proc)
	if err != nil {
		return false
	}
	if boot != p.Boot {
		return true
	}
	if namespace != p.PIDNamespace {
		return false
	}
	status, err := stat(proc, p.PID)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && (status.start != p.Start || status.state == "Z" || status.state == "X")
}

// here returns the ids of the boot and of the namespace that process ids count in.
func here(proc string) (boot, namespace string, err error) {
	content, err := os.ReadFile(filepath.Join(proc, "sys/kernel/random/boot_id"))
	if err != nil {
		return "", "", err
	}
	namespace, err = os.Readlink(filepath.Join(proc, "self/ns/pid"))
	return strings.TrimSpace(string(content)), namespace, err
}

type status struct {
	name, state, start string
	parent             int
}

// stat reads /proc/PID/stat; https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func stat(proc string, pid int) (status, error) {
	content, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(pid), "stat"))
	if err != nil {
		return status{}, err
	}
	// The name stands in parentheses and may contain any byte, more of them too.
	open, end := bytes.IndexByte(content, '('), bytes.LastIndexByte(content, ')')
	if open < 0 || end < open {
		return status{}, fmt.Errorf("process %d: unknown format", pid)
	}
	fields := strings.Fields(string(content[end+1:])) // the first one is field 3, the state
	if len(fields) < 20 {
		return status{}, fmt.Errorf("process %d: unknown format", pid)
	}
	parent, err := strconv.Atoi(fields[1])
	return status{name: string(content[open+1 : end]), state: fields[0], parent: parent, start: fields[19]}, err
}
