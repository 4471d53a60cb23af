package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"gitlab-fargate-runners/driver/internal/atomicfile"
)

// counter turns a number that only grows until its process starts anew into what was added since the last look. The file
// holds the last look's number.
type counter struct{ file string }

// added is 0 at the first look ever: what was before it is nobody's news.
func (c counter) added(current float64) (float64, error) {
	content, err := os.ReadFile(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the last report's count: %w", err)
	}
	last, err := strconv.ParseFloat(strings.TrimSpace(string(content)), 64)
	if err != nil {
		return 0, nil // a power cut left the file empty; the next report writes it anew
	}
	if current < last {
		return current, nil
	}
	return current - last, nil
}

func (c counter) save(current float64) error {
	content := []byte(strconv.FormatFloat(current, 'f', -1, 64) + "\n")
	if err := atomicfile.Write(c.file, content, 0o600, atomicfile.Process); err != nil {
		return fmt.Errorf("keeping this report's count: %w", err)
	}
	return nil
}
