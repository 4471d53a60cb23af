package slot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ticket is the head of the queue.
type ticket struct{ file *os.File }

func (t *ticket) release() { _ = t.file.Close() }

// queue waits until this process is the head of the queue. wait waits for the event, or gives up with an error.
func (s *Slots) queue(wait func(event <-chan struct{}) error) (*ticket, error) {
	file, err := s.open()
	if err != nil {
		return nil, err
	}
	first := make(chan struct{})
	var lockErr error
	go func() {
		defer close(first)
		lockErr = lock(file, syscall.LOCK_EX)
	}()
	if err := wait(first); err != nil {
		go func() { // Nothing can interrupt a system call that waits for a lock.
			<-first
			_ = file.Close()
		}()
		return nil, err
	}
	if lockErr != nil {
		_ = file.Close()
		return nil, fmt.Errorf("queueing for a slot: %w", lockErr)
	}
	return &ticket{file}, nil
}

// tryQueue returns nil where another process is the head of the queue.
func (s *Slots) tryQueue() (*ticket, error) {
	file, err := s.open()
	if err != nil {
		return nil, err
	}
	if err := lock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, nil
		}
		return nil, fmt.Errorf("looking for slots without a job: %w", err)
	}
	return &ticket{file}, nil
}

func (s *Slots) open() (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(s.directory, ".line"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("queueing for a slot: %w", err)
	}
	return file, nil
}

func lock(file *os.File, how int) error {
	for {
		if err := syscall.Flock(int(file.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
