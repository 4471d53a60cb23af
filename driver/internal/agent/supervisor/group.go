package supervisor

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// groupPoll is the pause between two looks at a process group that is to end. Only the leader's end is an event.
const groupPoll = 50 * time.Millisecond

// terminate sends SIGTERM to the process group, and SIGKILL if one of it lives after the grace time.
func terminate(group int, grace time.Duration) {
	if syscall.Kill(-group, syscall.SIGTERM) != nil {
		return // nothing is left
	}
	for deadline := time.Now().Add(grace); time.Now().Before(deadline); time.Sleep(groupPoll) {
		if !lives(group) {
			return
		}
	}
	_ = syscall.Kill(-group, syscall.SIGKILL)
}

// lives tells whether the group has a process that is no zombie: the task's first process may reap none.
func lives(group int) bool {
	if syscall.Kill(-group, 0) != nil {
		return false
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return true
	}
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// "pid (name) state parent group …", where the name may hold anything
		fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
		if len(fields) > 2 && string(fields[2]) == strconv.Itoa(group) && fields[0][0] != 'Z' && fields[0][0] != 'X' {
			return true
		}
	}
	return false
}
