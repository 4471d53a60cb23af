package state

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T) (*Store, string) {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "a", "metadata")
	store, err := Open(directory)
	if err != nil {
		t.Fatal(err)
	}
	return store, filepath.Join(directory, "tasks")
}

func TestSaveLoadRemove(t *testing.T) {
	store, directory := open(t)
	if got, err := store.Load("job-1"); got != nil || err != nil {
		t.Fatalf("nothing saved: got %v, %v", got, err)
	}
	task := NewTask("cluster", "gitlab/x", "PEM")
	for _, arn := range []string{"", "arn:1"} {
		task.ARN = arn
		if err := store.Save("job-1", task); err != nil {
			t.Fatal(err)
		}
		got, err := store.Load("job-1")
		if err != nil {
			t.Fatal(err)
		}
		got.Nonce = task.Nonce // which no later call reads
		if diff := cmp.Diff(task, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	// What a save leaves that was killed before its rename.
	if err := os.WriteFile(filepath.Join(directory, ".job-1.json~123"), []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Save("job-10", task); err != nil {
		t.Fatal(err)
	}
	for range 2 { // no file is fine
		if err := store.Remove("job-1"); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "job-10.json" {
		t.Errorf("left: %v, want the other job's file alone", entries)
	}
}

func TestSaveThatFailsKeepsTheOldContent(t *testing.T) {
	store, directory := open(t)
	if err := store.Save("job-1", NewTask("cluster", "by", "old")); err != nil {
		t.Fatal(err)
	}
	// The rename's target cannot be replaced by a file, nor the temporary file stay.
	if err := os.Mkdir(filepath.Join(directory, "job-2.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := store.Save("job-2", NewTask("cluster", "by", "new")); err == nil ||
		!strings.Contains(err.Error(), "writing the task's state") {
		t.Errorf("got %v", err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("left: %v", entries)
	}
}

func TestLoadErrors(t *testing.T) {
	store, directory := open(t)
	for name, content := range map[string]string{"empty": "", "cut": `{"version":1`, "newer": `{"version":2}`,
		"list": "[]"} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(directory, "job-1.json"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := store.Load("job-1"); err == nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestClientToken(t *testing.T) {
	a, b := NewTask("c", "by", "k"), NewTask("c", "by", "k")
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(a.ClientToken()) {
		t.Errorf("ECS refuses %q", a.ClientToken())
	}
	if a.ClientToken() == b.ClientToken() {
		t.Error("two attempts share a token")
	}
	again := *a
	again.ARN = "arn:1"
	if again.ClientToken() != a.ClientToken() {
		t.Error("one attempt's token changes")
	}
}

// What no later call reads is not kept.
func TestTheFileHasNoNonce(t *testing.T) {
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	task := NewTask("c", "s", "p")
	if err := store.Save("job-1", task); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(store.path("job-1"))
	if err != nil || task.Nonce == "" || strings.Contains(string(content), task.Nonce) {
		t.Errorf("%v; the file is %s", err, content)
	}
}
