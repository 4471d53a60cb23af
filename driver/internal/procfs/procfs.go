// Package procfs reads what Linux shows about processes in /proc.
package procfs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Root is where Linux shows its processes.
const Root = "/proc"

// Stat is a part of /proc/PID/stat.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
type Stat struct {
	PID int
	// Name is the program's, which the kernel cuts to 15 bytes.
	Name          string
	State         string
	Parent, Group int
	// Start is when the process started, in clock ticks since the boot.
	Start string
}

// Ended is true for a zombie: the process has ended, and its parent has not asked for its exit code yet.
func (s Stat) Ended() bool { return s.State == "Z" || s.State == "X" }

// Read reads one process. It returns fs.ErrNotExist where there is no such process. root is Root, or a test's own.
func Read(root string, pid int) (Stat, error) {
	content, err := os.ReadFile(filepath.Join(root, strconv.Itoa(pid), "stat"))
	if err != nil {
		return Stat{}, err
	}
	stat, ok := parse(content)
	if !ok {
		return Stat{}, fmt.Errorf("process %d: unknown format", pid)
	}
	stat.PID = pid
	return stat, nil
}

// All reads all processes that root shows. It leaves out those that end meanwhile.
func All(root string) ([]Stat, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var all []Stat
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if stat, err := Read(root, pid); err == nil {
			all = append(all, stat)
		}
	}
	return all, nil
}

// parse reads "pid (name) state parent group …". The name may hold any byte, parentheses too.
func parse(content []byte) (Stat, bool) {
	open, end := bytes.IndexByte(content, '('), bytes.LastIndexByte(content, ')')
	if open < 0 || end < open {
		return Stat{}, false
	}
	const parent, group, start = 1, 2, 19 // field 3 of the manual page, the state, is the first one here
	fields := strings.Fields(string(content[end+1:]))
	if len(fields) <= start {
		return Stat{}, false
	}
	stat := Stat{Name: string(content[open+1 : end]), State: fields[0], Start: fields[start]}
	var parentErr, groupErr error
	stat.Parent, parentErr = strconv.Atoi(fields[parent])
	stat.Group, groupErr = strconv.Atoi(fields[group])
	return stat, parentErr == nil && groupErr == nil
}
