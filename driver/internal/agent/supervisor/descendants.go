package supervisor

import (
	"os"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/procfs"
)

// pollEvery is the pause between two looks at processes that are to end. The kernel reports only the end of a child.
const pollEvery = 50 * time.Millisecond

// killTimeout bounds the wait for killed processes. A process in a system call that never returns never ends.
const killTimeout = 10 * time.Second

// terminate sends SIGTERM to all processes of the stage, and SIGKILL to those that still live after the grace time. It
// reaches processes that have left the process group (setsid) too, because the supervisor adopts them; see
// adoptOrphans.
func terminate(group int, grace time.Duration) {
	if signalAll(group, syscall.SIGTERM) && !awaitNone(group, grace, nil) {
		// A process may have forked meanwhile, so SIGKILL is sent before each look.
		awaitNone(group, killTimeout, func() { signalAll(group, syscall.SIGKILL) })
	}
}

// awaitNone returns false where processes are left after the limit. It calls each, unless it is nil, before each look.
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

// signalAll returns false where no process is left. The group gets its signal as one, so that none of it can fork in
// between.
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

// descendants returns the living descendants of this process. They are the stage's processes, because the supervisor
// starts nothing else.
func descendants(group int) []procfs.Stat {
	all, err := procfs.All(procfs.Root)
	if err != nil || len(all) == 0 {
		if syscall.Kill(-group, 0) != nil {
			return nil
		}
		return []procfs.Stat{{PID: group, Group: group}} // This system does not show its processes.
	}
	children := map[int][]procfs.Stat{}
	for _, one := range all {
		if !one.Ended() { // A zombie's children have another parent.
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
