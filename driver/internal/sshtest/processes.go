package sshtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// AwaitNone returns a process group's members that live on. One that was killed may take a moment to end.
func AwaitNone(t *testing.T, group string) []string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if left := processes(t, group); len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

// processes returns a process group's living members, as paths in /proc.
func processes(t *testing.T, group string) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var living []string
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// "pid (name) state parent group …", where the name may hold anything
		_, rest, _ := strings.Cut(string(content), ") ")
		if fields := strings.Fields(rest); len(fields) > 2 && fields[2] == group && fields[0] != "Z" {
			living = append(living, path)
		}
	}
	return living
}
