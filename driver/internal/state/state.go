// Package state keeps what the driver must remember between two calls for a job: which task it has and how to get in.
package state

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/atomicfile"
	"gitlab-fargate-runners/driver/internal/random"
	"gitlab-fargate-runners/driver/internal/runnerproc"
)

const version = 1

// Task is what is known of a job's task. It does not say who started it: a ready task can be handed to a job as well.
type Task struct {
	Version int `json:"version"`
	// Cluster and StartedBy find the task while its ARN is unknown.
	Cluster   string `json:"cluster"`
	StartedBy string `json:"started_by"`
	// Nonce is new for each attempt to start a task, so that a second attempt gets a second task.
	Nonce string `json:"nonce"`
	// IntendedAt is the time just before RunTask.
	IntendedAt time.Time `json:"intended_at"`
	// ARN is empty from the intent until RunTask has answered.
	ARN string `json:"arn,omitempty"`
	// Address is an IP address, empty until the task runs.
	Address string `json:"address,omitempty"`
	// HostKey is sshd's key in authorized_keys format, pinned at first contact.
	HostKey string `json:"host_key,omitempty"`
	// PrivateKey is the task's own key in OpenSSH's PEM format.
	PrivateKey string `json:"private_key"`
	// Deadline is when the job is over for certain; zero in files of earlier drivers.
	Deadline time.Time `json:"deadline,omitzero"`
	// Runner is the process that the job belongs to, where it is known.
	Runner *runnerproc.Process `json:"runner,omitempty"`
	// Over is set before the task is stopped for good.
	Over bool `json:"over,omitempty"`
	// Agent is nil where the task has none that works.
	Agent *Agent `json:"agent,omitempty"`
}

// Agent is ci-agent in a task.
type Agent struct {
	// Protocol is the version that the driver found or brought.
	Protocol int `json:"protocol"`
	// Path is the program's, Directory holds its stages' sockets.
	Path      string `json:"path"`
	Directory string `json:"directory"`
}

// NewTask returns an intent with a fresh nonce.
func NewTask(cluster, startedBy, privateKey string) *Task {
	task := &Task{Version: version, Cluster: cluster, StartedBy: startedBy, PrivateKey: privateKey}
	task.Renew()
	return task
}

// Renew makes it the intent to start another task, where the one before is over or was never started.
func (t *Task) Renew() {
	t.Nonce, t.IntendedAt, t.ARN, t.Address = random.Hex(16), time.Now().UTC(), "", ""
}

// ClientToken makes RunTask idempotent: 64 hexadecimal digits, which is what ECS allows at most.
func (t *Task) ClientToken() string {
	sum := sha256.Sum256([]byte(t.StartedBy + "\x00" + t.Nonce))
	return hex.EncodeToString(sum[:])
}

// Store is a directory with a file per job.
type Store struct{ directory string }

// Open returns the store below the configured directory. Its own subdirectory is closed to other users, whatever the
// mode of the configured one is.
func Open(directory string) (*Store, error) {
	own := filepath.Join(directory, "tasks")
	if err := os.MkdirAll(own, 0o700); err != nil {
		return nil, fmt.Errorf("creating the state directory (TaskMetadata.Directory): %w", err)
	}
	if err := os.Chmod(own, 0o700); err != nil {
		return nil, fmt.Errorf("closing the state directory to other users: %w", err)
	}
	return &Store{directory: own}, nil
}

func (s *Store) path(key string) string { return filepath.Join(s.directory, key+".json") }

// Load returns nil without an error where there is no file for the job.
func (s *Store) Load(key string) (*Task, error) {
	content, err := os.ReadFile(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the task's state: %w", err)
	}
	var task Task
	if err := json.Unmarshal(content, &task); err != nil {
		return nil, fmt.Errorf("reading the task's state in %s: %w", s.path(key), err)
	}
	if task.Version != version {
		return nil, fmt.Errorf("the task's state in %s has version %d, this driver knows version %d", s.path(key),
			task.Version, version)
	}
	return &task, nil
}

// Keys lists the jobs that there are files of.
func (s *Store) Keys() ([]string, error) {
	entries, err := os.ReadDir(s.directory)
	if err != nil {
		return nil, fmt.Errorf("listing the tasks' states: %w", err)
	}
	var keys []string
	for _, entry := range entries {
		if key, isState := strings.CutSuffix(entry.Name(), ".json"); isState && !strings.HasPrefix(key, ".") {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// Save replaces the job's file as a whole and returns once it is on disk. A task that is paid for must be found after a
// power cut too.
func (s *Store) Save(key string, task *Task) error {
	content, err := json.Marshal(task)
	if err == nil {
		err = atomicfile.Write(s.path(key), content, 0o600, atomicfile.Power)
	}
	if err != nil {
		return fmt.Errorf("writing the task's state: %w", err)
	}
	return nil
}

// Remove deletes the job's file, and what an interrupted Save may have left; no file is fine.
func (s *Store) Remove(key string) error {
	err := os.Remove(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	err = errors.Join(err, atomicfile.RemoveLeftovers(s.path(key)), atomicfile.SyncFolder(s.directory))
	if err != nil {
		return fmt.Errorf("removing the task's state: %w", err)
	}
	return nil
}

// Sweep deletes what a Save before the given time has left that was cut off; a Save takes no longer than moments.
func (s *Store) Sweep(before time.Time) error {
	entries, err := os.ReadDir(s.directory)
	if err != nil {
		return fmt.Errorf("sweeping the tasks' states: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), ".") || info.ModTime().After(before) {
			continue
		}
		if err := os.Remove(filepath.Join(s.directory, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweeping the tasks' states: %w", err)
		}
	}
	return nil
}
