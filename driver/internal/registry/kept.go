package registry

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"gitlab-fargate-runners/driver/internal/atomicfile"
)

// Kept is a directory with the configs of images that were read, by the images' digests. A digest is of all that an image
// is, so what is kept is never out of date.
type Kept struct {
	directory string
	// most is how many configs are kept.
	most int
}

// KeptIn returns what is kept below the configured directory. It creates nothing; the first image does.
func KeptIn(directory string) *Kept { return &Kept{filepath.Join(directory, "images"), 500} }

func (k *Kept) path(which digest.Digest, architecture string) string {
	return filepath.Join(k.directory, strings.ReplaceAll(which.String(), ":", "-")+"-"+architecture)
}

// find returns nil where nothing is kept, or nothing that can be read.
func (k *Kept) find(which digest.Digest, architecture string) *Config {
	if k == nil {
		return nil
	}
	content, err := os.ReadFile(k.path(which, architecture))
	var config Config
	if err != nil || json.Unmarshal(content, &config) != nil || config.User == "" {
		return nil
	}
	return &config
}

func (k *Kept) add(which digest.Digest, architecture string, config *Config) error {
	if k == nil {
		return nil
	}
	content, err := json.Marshal(config)
	if err == nil {
		err = os.MkdirAll(k.directory, 0o700)
	}
	if err == nil {
		err = k.makeRoom()
	}
	if err == nil {
		// A power cut may leave an empty file, which counts as none.
		err = atomicfile.Write(k.path(which, architecture), content, 0o600, atomicfile.Process)
	}
	if err != nil {
		return fmt.Errorf("keeping an image's config: %w", err)
	}
	return nil
}

// makeRoom removes the oldest where there are too many.
func (k *Kept) makeRoom() error {
	entries, err := os.ReadDir(k.directory)
	if err != nil || len(entries) < k.most {
		return err
	}
	written := func(entry os.DirEntry) time.Time {
		info, err := entry.Info()
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(written(a).UnixNano(), written(b).UnixNano()) })
	var errs []error
	for _, entry := range entries[:len(entries)-k.most+1] {
		errs = append(errs, atomicfile.Remove(filepath.Join(k.directory, entry.Name())))
	}
	return errors.Join(errs...)
}
