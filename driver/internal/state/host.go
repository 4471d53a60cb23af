package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"gitlab-fargate-runners/driver/internal/atomicfile"
	"gitlab-fargate-runners/driver/internal/random"
)

var hexadecimal = regexp.MustCompile(`^[0-9a-f]{32}\n$`)

// Host identifies this directory on this host. Two hosts get different ids even where one is a copy of the other, as
// long as their names or machine ids differ. All who get the same id see the same state files.
func (s *Store) Host() (string, error) {
	path := filepath.Join(s.directory, "..", "host-id")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		content, err = newHost(path)
	}
	if err != nil {
		return "", fmt.Errorf("identifying the host: %w", err)
	}
	if !hexadecimal.Match(content) {
		return "", fmt.Errorf("identifying the host: %s does not hold 32 hexadecimal digits; remove it when "+
			"no job runs", path)
	}
	hostname, _ := os.Hostname()
	machine, _ := os.ReadFile("/etc/machine-id")
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", content, hostname, machine))
	return hex.EncodeToString(sum[:8]), nil
}

// newHost writes a random id. Where another job's call is quicker, the id of that call counts.
func newHost(path string) ([]byte, error) {
	err := atomicfile.Create(path, []byte(random.Hex(16)+"\n"), 0o600, atomicfile.Power)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}
