package resident

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/procfs"
)

// pollEvery is the pause between two looks at processes that are to end. The kernel reports only the end of a child.
const pollEvery = 50 * time.Millisecond

// killTimeout bounds the wait for killed processes. A process in a system call that never returns never ends.
const killTimeout = 10 * time.Second

// stageVariable is in the environment of a stage's processes and has the stage's token. It tells whose an orphan is. A
// job may run another agent, whose stages then have the variables of both.
var stageVariable = fmt.Sprintf("CI_AGENT_%d", os.Getpid())

// terminate sends SIGTERM to all processes of the stage, and SIGKILL to those that still live after the grace time. It
// reaches processes that have left the process group (setsid) too, because the agent adopts them; see adoptOrphans.
func (s *shell) terminate(grace time.Duration) {
	if s.signalAll(syscall.SIGTERM) && !s.awaitNone(grace, nil) {
		// A process may have forked meanwhile, so SIGKILL is sent before each look.
		s.awaitNone(killTimeout, func() { s.signalAll(syscall.SIGKILL) })
	}
}

// awaitNone returns false where processes are left after the limit. It calls each, unless it is nil, before each look.
func (s *shell) awaitNone(limit time.Duration, each func()) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(pollEvery) {
		if each != nil {
			each()
		}
		if len(s.processes()) == 0 {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// signalAll returns false where no process is left. The group gets its signal as one, so that none of it can fork in
// between.
func (s *shell) signalAll(signal syscall.Signal) bool {
	members, grouped := s.processes(), false
	for _, member := range members {
		if member.Group == s.group {
			grouped = true
		} else {
			_ = syscall.Kill(member.PID, signal)
		}
	}
	if grouped {
		_ = syscall.Kill(-s.group, signal)
	}
	return len(members) > 0
}

// processes returns the living processes of the stage: its shell, the orphans that the agent has adopted of it, and
// their descendants.
func (s *shell) processes() []procfs.Stat {
	// A shell that is being started has the agent's environment for a moment.
	s.reaper.mu.Lock()
	defer s.reaper.mu.Unlock()
	all := children(procfs.Root)
	if len(all) == 0 {
		if syscall.Kill(-s.group, 0) != nil {
			return nil
		}
		return []procfs.Stat{{PID: s.group, Group: s.group}} // This system does not show its processes.
	}
	var members []procfs.Stat
	for _, child := range all[os.Getpid()] {
		if s.owns(child) {
			members = append(members, child)
		}
	}
	for i := 0; i < len(members); i++ {
		members = append(members, all[members[i].PID]...)
	}
	return members
}

// owns tells whether a child of the agent is the stage's. An orphan that has changed its environment may be any
// stage's; it counts as the stage's unless it was there before the stage began.
func (s *shell) owns(child procfs.Stat) bool {
	if child.PID == s.group {
		return true
	}
	if token := tokenOf(child.PID); token != "" {
		return token == s.token
	}
	return s.earlier[child.PID] != child.Start
}

// tokenOf returns the token in a process's environment, or "".
func tokenOf(pid int) string {
	environment, _ := os.ReadFile(filepath.Join(procfs.Root, strconv.Itoa(pid), "environ"))
	for entry := range bytes.SplitSeq(environment, []byte{0}) {
		if token, found := bytes.CutPrefix(entry, []byte(stageVariable+"=")); found {
			return string(token)
		}
	}
	return ""
}

// children returns the processes that have not ended, by their parent. A zombie's children have another parent.
func children(root string) map[int][]procfs.Stat {
	all, _ := procfs.All(root)
	byParent := map[int][]procfs.Stat{}
	for _, one := range all {
		if !one.Ended() {
			byParent[one.Parent] = append(byParent[one.Parent], one)
		}
	}
	return byParent
}
