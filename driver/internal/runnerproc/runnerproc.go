// Package runnerproc tells whether the gitlab-runner process that called the driver still runs. The runner never
// resumes a job of an earlier process, so a job whose process has ended is over.
package runnerproc

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gitlab-fargate-runners/driver/internal/procfs"
)

// Process identifies one process for good. Its id alone does not: the kernel may give it to another process later.
type Process struct {
	// Boot is the kernel's id of this boot. PIDNamespace is the namespace of PID.
	Boot         string `json:"boot"`
	PIDNamespace string `json:"pid_namespace"`
	PID          int    `json:"pid"`
	// Start is when the process started, in clock ticks since the boot.
	Start string `json:"start"`
}

// name is the runner's name in the kernel, which cuts names to 15 bytes. A wrapper around the driver is a shell, and
// ends with each call.
const name = "gitlab-runner"

// Find returns the closest ancestor that is a gitlab-runner, or nil where there is none or the system does not tell.
func Find() *Process { return find(procfs.Root, os.Getppid()) }

func find(proc string, pid int) *Process {
	for pid > 0 {
		status, err := procfs.Read(proc, pid)
		if err != nil {
			return nil
		}
		if status.Name == name {
			return identify(proc, pid, status)
		}
		pid = status.Parent
	}
	return nil
}

// Self returns the calling process, or nil where the system does not tell.
func Self() *Process {
	status, err := procfs.Read(procfs.Root, os.Getpid())
	if err != nil {
		return nil
	}
	return identify(procfs.Root, os.Getpid(), status)
}

func identify(proc string, pid int, status procfs.Stat) *Process {
	boot, namespace, err := here(proc)
	if err != nil {
		return nil
	}
	return &Process{Boot: boot, PIDNamespace: namespace, PID: pid, Start: status.Start}
}

// Ended is true only where the process has certainly ended.
func (p *Process) Ended() bool { return p.ended(procfs.Root) }

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
	status, err := procfs.Read(proc, p.PID)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && (status.Start != p.Start || status.Ended())
}

// here returns the ids of this boot and of this PID namespace.
func here(proc string) (boot, namespace string, err error) {
	content, err := os.ReadFile(filepath.Join(proc, "sys/kernel/random/boot_id"))
	if err != nil {
		return "", "", err
	}
	namespace, err = os.Readlink(filepath.Join(proc, "self/ns/pid"))
	return strings.TrimSpace(string(content)), namespace, err
}
