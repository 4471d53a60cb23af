package state

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

var hexadecimal = regexp.MustCompile(`^[0-9a-f]{32}\n$`)

// Host identifies this directory on this host. Two hosts differ even where one is a copy of the other, as long as their
// names or machine ids do; whoever has the same id sees the same state files.
func (s *Store) Host() (string, error) {
	path := filepath.Join(s.directory, "..", "host-id")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		content, err = s.newHost(path)
	}
	if err != nil {
		return "", fmt.Errorf("identifying the host: %w", err)
	}
	if !hexadecimal.Match(content) {
		return "", fmt.Errorf("identifying the host: %s does not hold 32 hexadecimal digits; remove it when no job runs", path)
	}
	hostname, _ := os.Hostname()
	machine, _ := os.ReadFile("/etc/machine-id")
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", content, hostname, machine))
	return hex.EncodeToString(sum[:8]), nil
}

// newHost writes a random id, unless another call for another job comes first; all get the one that is there.
func (s *Store) newHost(path string) ([]byte, error) {
	random := make([]byte, 16)
	_, _ = rand.Read(random)
	file, err := os.CreateTemp(s.directory, ".host-id-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = fmt.Fprintln(file, hex.EncodeToString(random))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}
