package shiplog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"gitlab-fargate-runners/driver/internal/atomicfile"
)

// cursorFile remembers how far the journal has been copied.
type cursorFile string

// load returns "" where nothing has been copied yet. The service that calls it is the only writer of the file.
func (c cursorFile) load() (string, error) {
	if err := atomicfile.RemoveLeftovers(string(c)); err != nil {
		return "", fmt.Errorf("reading the journal's cursor: %w", err)
	}
	content, err := os.ReadFile(string(c))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the journal's cursor: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// save returns once the cursor is on disk. An empty file after a power cut would mean the journal's beginning.
func (c cursorFile) save(cursor string) error {
	if err := atomicfile.Write(string(c), []byte(cursor+"\n"), 0o600, atomicfile.Power); err != nil {
		return fmt.Errorf("keeping the journal's cursor: %w", err)
	}
	return nil
}
