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

// save swaps the cursor in by a rename: a kill or a power cut leaves the old or the new one, whole.
func (c cursorFile) save(cursor string) error {
	next := filepath.Join(filepath.Dir(string(c)), "."+filepath.Base(string(c))+".new")
	if err := write(next, cursor+"\n"); err != nil {
		return fmt.Errorf("keeping the journal's cursor: %w", err)
	}
	if err := os.Rename(next, string(c)); err != nil {
		return fmt.Errorf("keeping the journal's cursor: %w", err)
	}
	return nil
}

// write returns once the content is on disk. Renamed before that, a file may be empty after a power cut, which would
// read as the journal's beginning.
func write(path, content string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close())
}
