package supervisor

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// familyPoll is the pause between two looks at processes that are to end. Only a child's end is an event.
const familyPoll = 50 * time.Millisecond

// killTimeout bounds the wait for the end of killed processes: one in a system call that does not come back never ends.
const killTimeout = 10 * time.Second

// process is a living process; a zombie is none.
type process struct{ id, parent, group int }

// terminate sends SIGTERM to all processes of the stage, and SIGKILL to those that live after the grace time. Also to
// those that have left the process group (setsid): the supervisor is their next of kin, see adoptOrphans.
func terminate(group int, grace time.Duration) {
	if signalAll(group, syscall.SIGTERM) && !awaitNone(group, grace, nil) {
		// Again and again, as one may have been forked meanwhile.
		awaitNone(group, killTimeout, func() { signalAll(group, syscall.SIGKILL) })
	}
}

// awaitNone returns false where processes are left after the limit. It calls each, if any, before each look.
func awaitNone(group int, limit time.Duration, each func()) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(familyPoll) {
		if each != nil {
			each()
		}
		if len(family(group)) == 0 {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// signalAll returns false where nobody is left. The group gets its signal as one, so that none is forked in between.
func signalAll(group int, signal syscall.Signal) bool {
	members, grouped := family(group), false
	for _, member := range members {
		if member.group == group {
			grouped = true
		} else {
			_ = syscall.Kill(member.id, signal)
		}
	}
	if grouped {
		_ = syscall.Kill(-group, signal)
	}
	return len(members) > 0
}

// family returns the calling process's descendants: the stage's processes, as the supervisor starts nothing else.
func family(group int) []process {
	all, err := processes()
	if err != nil {
		if syscall.Kill(-group, 0) != nil {
			return nil
		}
		return []process{{id: group, group: group}} // a system that does not show its processes
	}
	children := map[int][]process{}
	for _, one := range all {
		children[one.parent] = append(children[one.parent], one)
	}
	var members []process
	for next := []int{os.Getpid()}; len(next) > 0; next = next[1:] {
		for _, child := range children[next[0]] {
			next, members = append(next, child.id), append(members, child)
		}
	}
	return members
}

// processes lists all that /proc shows.
func processes() ([]process, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return nil, os.ErrNotExist
	}
	var all []process
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// "pid (name) state parent group …", where the name may hold anything
		fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
		if len(fields) < 3 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
			continue // a zombie's children have another parent
		}
		one := process{}
		one.id, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
		one.parent, _ = strconv.Atoi(string(fields[1]))
		one.group, _ = strconv.Atoi(string(fields[2]))
		all = append(all, one)
	}
	return all, nil
}
