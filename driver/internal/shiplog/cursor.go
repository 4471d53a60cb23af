package shiplog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// cursorFile remembers how far the journal has been copied.
type cursorFile string

// load returns "" where nothing has been copied yet.
func (c cursorFile) load() (string, error) {
	content, err := os.ReadFile(string(c))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the journal's cursor: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// save swaps the cursor in by a rename: a kill leaves the old or the new one, whole.
func (c cursorFile) save(cursor string) error {
	next := filepath.Join(filepath.Dir(string(c)), "."+filepath.Base(string(c))+".new")
	if err := os.WriteFile(next, []byte(cursor+"\n"), 0o600); err != nil {
		return fmt.Errorf("keeping the journal's cursor: %w", err)
	}
	if err := os.Rename(next, string(c)); err != nil {
		return fmt.Errorf("keeping the journal's cursor: %w", err)
	}
	return nil
}
