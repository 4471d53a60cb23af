package slot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// turn is the first place in line.
type ticket struct{ file *os.File }

func (t *ticket) release() { _ = t.file.Close() }

// line stands in line until this process is the first. wait waits for the event or gives up with an error.
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
		go func() { // a system call that waits for a lock cannot be called off
			<-first
			_ = file.Close()
		}()
		return nil, err
	}
	if lockErr != nil {
		_ = file.Close()
		return nil, fmt.Errorf("standing in line for a slot: %w", lockErr)
	}
	return &ticket{file}, nil
}

// enter returns nil where somebody else is the first in line.
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
		return nil, fmt.Errorf("standing in line for a slot: %w", err)
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
