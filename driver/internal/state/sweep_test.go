package state

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSweep(t *testing.T) {
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Save("job-1", NewTask("c", "s", "p")); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{".job-2.json~123": time.Hour, ".host-id-1": time.Hour,
		".job-3.json~9": time.Second, "job-1.json": time.Hour} {
		path := filepath.Join(store.directory, name)
		if filepath.Ext(name) == "" || name[0] == '.' {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Sweep(now.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(store.directory)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff([]string{".job-3.json~9", "job-1.json"}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if keys, err := store.Keys(); err != nil || !cmp.Equal(keys, []string{"job-1"}) {
		t.Errorf("keys %v, %v", keys, err)
	}
}
