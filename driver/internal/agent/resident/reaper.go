package resident

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"

	"gitlab-fargate-runners/driver/internal/procfs"
)

// reaper waits for all children of this process, in one place: the shells, and the orphans that the stages leave.
type reaper struct {
	mu sync.Mutex
	// shells get the end of their process.
	shells map[int]chan<- syscall.WaitStatus
	// ended receives the kernel's word that children have ended.
	ended chan os.Signal
}

func newReaper() *reaper {
	r := &reaper{shells: map[int]chan<- syscall.WaitStatus{}, ended: make(chan os.Signal, 1)}
	signal.Notify(r.ended, syscall.SIGCHLD)
	go func() {
		for range r.ended {
			r.mu.Lock()
			r.reap()
			r.mu.Unlock()
		}
	}()
	return r
}

// reap takes the children that have ended, and tells whether others live. The caller holds mu.
func (r *reaper) reap() (left bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil || pid == 0:
			return err == nil
		default:
			if shell, found := r.shells[pid]; found {
				delete(r.shells, pid)
				shell <- status
			}
		}
	}
}

// stop leaves the children to others again.
func (r *reaper) stop() {
	signal.Stop(r.ended)
	close(r.ended)
}

// start starts a shell. It returns where the shell's end will be told, and what earlier stages have left: the processes
// that live at this moment, as a map from their id to their start.
func (r *reaper) start(command *exec.Cmd) (<-chan syscall.WaitStatus, map[int]string, error) {
	r.mu.Lock() // The shell must not be reaped before its channel is known.
	defer r.mu.Unlock()
	earlier := map[int]string{}
	if r.reap() {
		for _, one := range children(procfs.Root)[os.Getpid()] {
			earlier[one.PID] = one.Start
		}
	}
	if err := command.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting the shell: %w", err)
	}
	ended := make(chan syscall.WaitStatus, 1)
	r.shells[command.Process.Pid] = ended
	return ended, earlier, nil
}
