// Package slot bounds how many jobs run at once on a host.
//
// A job's calls are processes of their own, so a lock that one of them holds cannot stand for the job. A slot is a file
// that names the process which the job belongs to; it is free when that process has ended, whoever was killed and when.
// Those who wait stand in line at one file lock: Linux hands it on in the order of their coming, and a killed one leaves
// the line by itself. The first in line looks for a free slot.
package slot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/atomicfile"
	"gitlab-fargate-runners/driver/internal/runnerproc"
)

// Slots is a directory with a file per job that holds one.
type Slots struct{ directory string }

// In returns the slots below the configured directory. Nothing is made there before a slot is taken.
func In(directory string) *Slots { return &Slots{filepath.Join(directory, "slots")} }

// Job is who asks for a slot.
type Job struct {
	// Key is a file name that identifies the job.
	Key string
	// Runner is the process that the job belongs to, where it is known.
	Runner *runnerproc.Process
	// Until is when the job is over for certain.
	Until time.Time
}

func (s *Slots) path(key string) string { return filepath.Join(s.directory, key) }

type record struct {
	Holder *runnerproc.Process `json:"holder,omitempty"`
	Until  time.Time           `json:"until"`
}

func (r record) free(now time.Time) bool { return r.Holder.Ended() || now.After(r.Until) }

// pause is the time between two looks of the first in line: the end of a process that is not a child is no event.
const pause = 200 * time.Millisecond

// Take returns once the job has one of so many slots, or ctx's cause where ctx ends first. While it waits it calls
// waiting now and then.
func (s *Slots) Take(ctx context.Context, job Job, most int, waiting func(since time.Duration)) error {
	if err := os.MkdirAll(s.directory, 0o700); err != nil {
		return fmt.Errorf("taking a slot: %w", err)
	}
	started := time.Now()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	wait := func(event <-chan struct{}) error {
		for {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-event:
				return nil
			case <-tick.C:
				waiting(time.Since(started))
				if event == nil {
					return nil
				}
			}
		}
	}
	ticket, err := s.queue(wait)
	if err != nil {
		return err
	}
	defer ticket.release()
	for {
		taken, err := s.taken(job.Key, time.Now())
		if err != nil {
			return fmt.Errorf("looking for a free slot: %w", err)
		}
		if taken < most {
			return s.write(job.Key, record{job.Runner, job.Until})
		}
		if err := wait(nil); err != nil {
			return err
		}
	}
}

// TransferToSelf lets the job's slot, if it has one, end with the calling process at the latest: nobody will be called for
// the job any more.
func (s *Slots) TransferToSelf(key string) error {
	held, err := s.read(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	held.Holder = runnerproc.Self()
	return s.write(key, held)
}

// Release frees the job's slot; none is fine.
func (s *Slots) Release(key string) error {
	err := os.Remove(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, atomicfile.RemoveLeftovers(s.path(key))); err != nil {
		return fmt.Errorf("freeing the job's slot: %w", err)
	}
	return nil
}

// Sweep removes the files of slots whose jobs have ended without a clean-up.
func (s *Slots) Sweep(now time.Time) error {
	if _, err := os.Stat(s.directory); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	ticket, err := s.tryQueue()
	if err != nil || ticket == nil { // the first in line sweeps as well
		return err
	}
	defer ticket.release()
	_, err = s.taken("", now)
	return err
}

// taken counts the slots of other jobs, and removes what is free. Only the first in line may call it: a job that comes
// back must not lose the slot that it has just taken.
func (s *Slots) taken(own string, now time.Time) (int, error) {
	entries, err := os.ReadDir(s.directory)
	if err != nil {
		return 0, err
	}
	taken := 0
	for _, entry := range entries {
		key := entry.Name()
		if strings.HasPrefix(key, ".") || key == own {
			continue
		}
		held, err := s.read(key)
		switch {
		case errors.Is(err, fs.ErrNotExist): // released meanwhile
		case err != nil && !errors.Is(err, errBroken):
			return 0, err
		case err != nil || held.free(now):
			if err := s.Release(key); err != nil {
				return 0, err
			}
		default:
			taken++
		}
	}
	return taken, nil
}

// errBroken: only a power cut leaves such a file, and no job survives that.
var errBroken = errors.New("not a slot's file")

func (s *Slots) read(key string) (record, error) {
	var held record
	content, err := os.ReadFile(s.path(key))
	if err == nil && json.Unmarshal(content, &held) != nil {
		err = errBroken
	}
	return held, err
}

func (s *Slots) write(key string, held record) error {
	content, err := json.Marshal(held)
	if err == nil {
		// A power cut ends every job that could hold a slot.
		err = atomicfile.Write(s.path(key), content, 0o600, atomicfile.Process)
	}
	if err != nil {
		return fmt.Errorf("writing the job's slot: %w", err)
	}
	return nil
}
