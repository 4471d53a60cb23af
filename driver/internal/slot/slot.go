// Package slot bounds how many jobs run at once on a host.
//
// Each of a job's calls is a process of its own, so a lock that one of them holds cannot stand for the job. A slot is a
// file that names the runner process to which the job belongs. The slot is free when that process has ended, however it
// ended. Jobs that wait queue at one file lock: Linux grants it in the order of their arrival, and a process that is
// killed leaves the queue by itself. The head of the queue looks for a free slot.
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

// Slots is a directory with a file for each job that holds a slot.
type Slots struct{ directory string }

// In returns the slots below the configured directory. It creates nothing; the first Take does.
func In(directory string) *Slots { return &Slots{filepath.Join(directory, "slots")} }

// Job is a job that asks for a slot.
type Job struct {
	// Key identifies the job; it is a file name.
	Key string
	// Runner is the process to which the job belongs, where it is known.
	Runner *runnerproc.Process
	// Until is when the job is certainly over.
	Until time.Time
}

func (s *Slots) path(key string) string { return filepath.Join(s.directory, key) }

type record struct {
	Holder *runnerproc.Process `json:"holder,omitempty"`
	Until  time.Time           `json:"until"`
}

func (r record) free(now time.Time) bool { return r.Holder.Ended() || now.After(r.Until) }

// pause is the time between two looks of the queue's head. The kernel reports no event when a process ends that is not
// a child.
const pause = 200 * time.Millisecond

// OneLook is time enough for a job that nobody is before to look for a free slot.
const OneLook = 3 * pause

// Take returns once the job has one of the slots, or with ctx's cause where ctx ends first. While the job waits, Take
// calls waiting now and then.
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

// TransferToSelf makes the calling process the holder of the job's slot, if the job has one, so that the slot ends with
// this process at the latest. The runner calls the driver for this job no more.
func (s *Slots) TransferToSelf(key string) error {
	held, err := s.read(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	held.Holder = runnerproc.Self()
	return s.write(key, held)
}

// Release frees the job's slot. It succeeds where the job has none.
func (s *Slots) Release(key string) error {
	if err := atomicfile.Remove(s.path(key)); err != nil {
		return fmt.Errorf("freeing the job's slot: %w", err)
	}
	return nil
}

// Sweep removes the slots of jobs that have ended without a clean-up.
func (s *Slots) Sweep(now time.Time) error {
	if _, err := os.Stat(s.directory); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	ticket, err := s.tryQueue()
	if err != nil || ticket == nil { // the head of the queue sweeps too
		return err
	}
	defer ticket.release()
	_, err = s.taken("", now)
	return err
}

// taken counts the slots of other jobs, and removes the free ones. Only the head of the queue may call it: otherwise a
// job that comes back could lose the slot that it has just taken.
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
		// A power cut ends every job that could hold a slot, so the write need not survive it.
		err = atomicfile.Write(s.path(key), content, 0o600, atomicfile.Process)
	}
	if err != nil {
		return fmt.Errorf("writing the job's slot: %w", err)
	}
	return nil
}
