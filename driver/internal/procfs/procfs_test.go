package procfs

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestReadSelf(t *testing.T) {
	got, err := Read(Root, os.Getpid())
	if err != nil || got.PID != os.Getpid() || got.Parent != os.Getppid() || got.Group != syscall.Getpgrp() {
		t.Errorf("got %+v, %v", got, err)
	}
	if got.Ended() || got.Start == "" {
		t.Errorf("got %+v", got)
	}
}

func TestZombieHasEnded(t *testing.T) {
	child := exec.Command("/bin/sh", "-c", "exit")
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Wait() }()
	_, _ = stdout.Read(make([]byte, 1)) // the kernel closes the pipe before it makes the process a zombie
	for {
		got, err := Read(Root, child.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		if got.Ended() {
			return
		}
	}
}

func TestNamesAndBrokenFiles(t *testing.T) {
	const rest = " S 10 7 1 0 -1 4194560 1 1 0 0 0 0 0 0 20 0 1 0 900 1 1\n"
	root := t.TempDir()
	for name, content := range map[string]string{
		"20": "20 (a) (b c)" + rest, "30": "30 broken", "40": "40 (cut) S 1 1", "50": "50 (no number) S x y" + rest,
		"uptime": "1 1",
	} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name, "stat"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := Stat{PID: 20, Name: "a) (b c", State: "S", Parent: 10, Group: 7, Start: "900"}
	if got, err := All(root); err != nil || !slices.Equal(got, []Stat{want}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := Read(root, 30); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := Read(root, 60); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process: %v", err)
	}
	if _, err := All(filepath.Join(root, "none")); err == nil {
		t.Error("a system without /proc shows its processes")
	}
}
