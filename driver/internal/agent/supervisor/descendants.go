package supervisor

import (
	"os"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/procfs"
)

// pollEvery is the pause between two looks at processes that are to end. Only a child's end is an event.
const pollEvery = 50 * time.Millisecond

// killTimeout bounds the wait for the end of killed processes: one in a system call that does not come back never ends.
const killTimeout = 10 * time.Second

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
	for deadline := time.Now().Add(limit); ; time.Sleep(pollEvery) {
		if each != nil {
			each()
		}
		if len(descendants(group)) == 0 {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// signalAll returns false where nobody is left. The group gets its signal as one, so that none is forked in between.
func signalAll(group int, signal syscall.Signal) bool {
	members, grouped := descendants(group), false
	for _, member := range members {
		if member.Group == group {
			grouped = true
		} else {
			_ = syscall.Kill(member.PID, signal)
		}
	}
	if grouped {
		_ = syscall.Kill(-group, signal)
	}
	return len(members) > 0
}

// descendants returns the calling process's living descendants: the stage's processes, as the supervisor starts nothing else.
func descendants(group int) []procfs.Stat {
	all, err := procfs.All(procfs.Root)
	if err != nil || len(all) == 0 {
		if syscall.Kill(-group, 0) != nil {
			return nil
		}
		return []procfs.Stat{{PID: group, Group: group}} // a system that does not show its processes
	}
	children := map[int][]procfs.Stat{}
	for _, one := range all {
		if !one.Ended() { // a zombie's children have another parent
			children[one.Parent] = append(children[one.Parent], one)
		}
	}
	var members []procfs.Stat
	for next := []int{os.Getpid()}; len(next) > 0; next = next[1:] {
		for _, child := range children[next[0]] {
			next, members = append(next, child.PID), append(members, child)
		}
	}
	return members
}
