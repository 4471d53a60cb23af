// Package patience remembers since when a job waits, across the calls of prepare for one job.
//
// GitLab Runner calls prepare three times when it fails, with a cleanup in between that removes the job's state. Without
// a record of its own, a job that has waited as long as it may would wait that long three times.
package patience

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/atomicfile"
)

// Record is a directory with a file for each job that has waited.
type Record struct{ directory string }

// In returns the record below the configured directory. It creates nothing; the first wait does.
func In(directory string) *Record { return &Record{filepath.Join(directory, "waits")} }

func (r *Record) path(key string) string { return filepath.Join(r.directory, key) }

// waits is a job's file.
type waits struct {
	// Began holds when the job began to wait, by what it waits for.
	Began map[string]time.Time `json:"began"`
	// Until is when the job is certainly over, and its file is of no use.
	Until time.Time `json:"until"`
}

// Began returns when the job began to wait for this, and when it began to wait at all. Both are now for a job that has
// not waited before.
func (r *Record) Began(key, what string) (this, first time.Time, err error) {
	now := time.Now()
	all, err := r.read(key)
	this, first = now, now // a clock that was set back must not lengthen a wait
	for reason, began := range all.Began {
		if reason == what && began.Before(this) {
			this = began
		}
		if began.Before(first) {
			first = began
		}
	}
	return this, first, err
}

// Begin writes down that the job waits for this from now on, unless it has waited before. until is when the job is
// certainly over.
func (r *Record) Begin(key, what string, until time.Time) error {
	all, err := r.read(key)
	if err != nil {
		return err
	}
	if _, waited := all.Began[what]; waited {
		return nil
	}
	if all.Began == nil {
		all.Began = map[string]time.Time{}
	}
	all.Began[what], all.Until = time.Now(), until
	return r.write(key, all)
}

// Forget removes what is known of the job. It succeeds where nothing is.
func (r *Record) Forget(key string) error {
	if err := atomicfile.Remove(r.path(key)); err != nil {
		return fmt.Errorf("forgetting the job's waits: %w", err)
	}
	return nil
}

// Sweep forgets the jobs that are over.
func (r *Record) Sweep(now time.Time) error {
	entries, err := os.ReadDir(r.directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweeping the jobs' waits: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		if key := entry.Name(); !strings.HasPrefix(key, ".") {
			if all, err := r.read(key); err != nil || now.After(all.Until) {
				errs = append(errs, r.Forget(key))
			}
		}
	}
	return errors.Join(errs...)
}

func (r *Record) read(key string) (waits, error) {
	var all waits
	content, err := os.ReadFile(r.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &all)
	}
	if err != nil {
		return waits{}, fmt.Errorf("reading the job's waits: %w", err)
	}
	return all, nil
}

func (r *Record) write(key string, all waits) error {
	err := os.MkdirAll(r.directory, 0o700)
	var content []byte
	if err == nil {
		content, err = json.Marshal(all)
	}
	if err == nil {
		// A power cut ends every job that waits, so the write need not survive it.
		err = atomicfile.Write(r.path(key), content, 0o600, atomicfile.Process)
	}
	if err != nil {
		return fmt.Errorf("writing the job's waits: %w", err)
	}
	return nil
}
