// Package atomicfile replaces whole files: a reader finds the old content or the new content, and never a mixture. It
// is the one place that decides what a write survives.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Durability says what a finished write survives.
type Durability int

const (
	// Process: the write survives its process. A power cut may leave an empty file. It costs no wait for the disk.
	Process Durability = iota
	// Power: the write survives a power cut too. It waits until the disk has the content and the name.
	Power
)

// Write replaces the file at path, or makes it. Where it fails, the old content stays.
func Write(path string, content []byte, mode fs.FileMode, durability Durability) error {
	return put(path, content, mode, durability, os.Rename)
}

// Create makes the file at path, and fails with fs.ErrExist where there is one.
func Create(path string, content []byte, mode fs.FileMode, durability Durability) error {
	return put(path, content, mode, durability, func(from, to string) error {
		return errors.Join(os.Link(from, to), os.Remove(from))
	})
}

// put writes a temporary file beside path and moves it there.
func put(path string, content []byte, mode fs.FileMode, durability Durability, move func(from, to string) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), prefix(path)+"*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode))
	if durability == Power {
		// A rename may reach the disk before the content does.
		err = errors.Join(err, file.Sync())
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = move(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	if durability == Power {
		return SyncFolder(filepath.Dir(path))
	}
	return nil
}

// SyncFolder makes it durable which files a folder has: what was renamed into it or removed from it.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// prefix is the beginning of the name of a temporary file for path. The dot hides the file, and the tilde keeps it
// apart from the temporary files of a path with a longer name.
func prefix(path string) string { return "." + filepath.Base(path) + "~" }

// Remove removes the file at path, and what killed writers of it have left. It succeeds where there is none. The caller
// makes sure that nobody writes path meanwhile.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, RemoveLeftovers(path))
}

// RemoveLeftovers removes the temporary files of writers that were killed. The caller makes sure that nobody writes
// path meanwhile.
func RemoveLeftovers(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), prefix(path)) {
			continue
		}
		if err := os.Remove(filepath.Join(filepath.Dir(path), entry.Name())); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
