package state

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestHostIsTheSameForAllCalls(t *testing.T) {
	directory := t.TempDir()
	var ids sync.Map
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			store, err := Open(directory)
			if err != nil {
				t.Error(err)
				return
			}
			id, err := store.Host()
			if err != nil || len(id) != 16 {
				t.Errorf("%q, %v", id, err)
			}
			ids.Store(id, true)
		})
	}
	all.Wait()
	count := 0
	ids.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d ids, want one", count)
	}
	left, _ := filepath.Glob(filepath.Join(directory, "tasks", ".host-id-*"))
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestHostsDiffer(t *testing.T) {
	var ids [2]string
	for i := range ids {
		store, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if ids[i], err = store.Host(); err != nil {
			t.Fatal(err)
		}
	}
	if ids[0] == ids[1] {
		t.Error("two directories have one id")
	}
}

func TestBrokenHostIsNamed(t *testing.T) {
	directory := t.TempDir()
	store, err := Open(directory)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "host-id")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Host(); err == nil || !strings.Contains(err.Error(), "host-id") {
		t.Errorf("got %v", err)
	}
}
