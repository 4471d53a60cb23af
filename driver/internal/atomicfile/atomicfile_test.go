package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func names(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func TestWriteReplacesTheWhole(t *testing.T) {
	for name, durability := range map[string]Durability{"process": Process, "power": Power} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			for _, content := range []string{"long content", "short"} {
				if err := Write(path, []byte(content), 0o640, durability); err != nil {
					t.Fatal(err)
				}
				if got, err := os.ReadFile(path); err != nil || string(got) != content {
					t.Errorf("the file holds %q, %v", got, err)
				}
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("the file's mode: %v, %v", info.Mode(), err)
			}
			if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"file"}) {
				t.Errorf("the folder holds %v", got)
			}
		})
	}
}

func TestReadersOfTheOldFileKeepIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := Write(path, []byte("old"), 0o600, Process); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	if err := Write(path, []byte("newer"), 0o600, Process); err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 10)
	if n, err := reader.Read(content); err != nil || string(content[:n]) != "old" {
		t.Errorf("the reader finds %q, %v", content[:n], err)
	}
}

func TestCreateLeavesWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := Create(path, []byte("first"), 0o600, Power); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("second"), 0o600, Power); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"file"}) {
		t.Errorf("the folder holds %v", got)
	}
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, nil, 0o600, Process); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"file"}) {
		t.Errorf("the folder holds %v", got)
	}
}

func TestRemoveLeftovers(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"file", ".file~1", ".file~2", ".file", ".file-2~1"} {
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveLeftovers(filepath.Join(directory, "file")); err != nil {
		t.Error(err)
	}
	if got := names(t, directory); !slices.Equal(got, []string{".file", ".file-2~1", "file"}) {
		t.Errorf("left: %v", got)
	}
	if err := RemoveLeftovers(filepath.Join(directory, "none", "file")); err != nil {
		t.Errorf("no such folder: %v", err)
	}
}

func TestRemove(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"file", ".file~1", "file-2"} {
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, again := range []bool{false, true} {
		if err := Remove(filepath.Join(directory, "file")); err != nil {
			t.Errorf("again %v: %v", again, err)
		}
	}
	if got := names(t, directory); !slices.Equal(got, []string{"file-2"}) {
		t.Errorf("left: %v", got)
	}
	if err := Remove(directory); err == nil {
		t.Error("a folder that is not empty passes for removed")
	}
}
