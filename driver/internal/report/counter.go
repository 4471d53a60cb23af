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

// counter turns a number that grows until its process restarts into the growth since the last report. The file holds
// the number of the last report.
type counter struct{ file string }

// added is 0 in the first report of all: nobody asks for what happened before.
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
		return 0, nil // A power cut left the file empty; the next report replaces it.
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
