package sshtest

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/procfs"
)

// AwaitNone returns the living members of a process group. It waits for them to end, because a killed process may take
// a moment.
func AwaitNone(t *testing.T, group string) []procfs.Stat {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if left := processes(t, group); len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

// processes returns a process group's living members.
func processes(t *testing.T, group string) []procfs.Stat {
	t.Helper()
	all, err := procfs.All(procfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(one procfs.Stat) bool { return one.Ended() || strconv.Itoa(one.Group) != group })
}
