package state

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A file that Load accepts is of this version, and is the same once it is written again; its client token is ECS's.
func FuzzLoad(f *testing.F) {
	whole, err := json.Marshal(NewTask("cluster", "gitlab/x", "PEM"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	for _, content := range []string{"", "null", "[]", `{"version":2}`, `{"version":1}`,
		`{"version":1,"agent":{"protocol":1},"runner":{"pid":-1}}`,
		`{"version":1,"deadline":"2026-11-25T00:00:00+23:59"}`, `{"version":1,"intended_at":0}`} {
		f.Add([]byte(content))
	}
	store, err := Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(filepath.Join(store.directory, "job.json"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		task, err := store.Load("job")
		if err != nil {
			return
		}
		if task == nil || task.Version != version || len(task.ClientToken()) != 64 {
			t.Fatalf("accepted: %+v", task)
		}
		_ = task.Runner.Ended()
		again, err := json.Marshal(task)
		if err != nil {
			t.Fatal(err)
		}
		var read Task
		if err := json.Unmarshal(again, &read); err != nil || !cmp.Equal(*task, read, cmpopts.EquateApproxTime(0)) {
			t.Errorf("%+v\nwritten and read again: %+v, %v", task, read, err)
		}
	})
}
