// Package state keeps what the driver must remember between two calls for a job: which task the job has, and how to get
// in.
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

// Task is what the driver knows of a job's task.
type Task struct {
	Version int `json:"version"`
	// Region, Cluster and StartedBy find the task while its ARN is unknown. Files of earlier drivers have no region.
	Region    string `json:"region,omitempty"`
	Cluster   string `json:"cluster"`
	StartedBy string `json:"started_by"`
	// Nonce is new for each attempt to start a task, so that a second attempt starts a second task. The file does not
	// have it: no later call repeats an attempt, it looks for the task by StartedBy.
	Nonce string `json:"-"`
	// IntendedAt is the time just before RunTask.
	IntendedAt time.Time `json:"intended_at"`
	// ARN is empty from the intent until RunTask has answered.
	ARN string `json:"arn,omitempty"`
	// Address is an IP address, empty until the task runs.
	Address string `json:"address,omitempty"`
	// Provider is the capacity provider that RunTask was asked for, empty for a launch type.
	Provider string `json:"provider,omitempty"`
	// Username and Port are those of the task's sshd; empty in files of earlier drivers.
	Username string `json:"username,omitempty"`
	Port     int    `json:"port,omitempty"`
	// HostKey is sshd's key in authorized_keys format, pinned at first contact.
	HostKey string `json:"host_key,omitempty"`
	// PrivateKey is the task's own key in OpenSSH's PEM format.
	PrivateKey string `json:"private_key"`
	// Deadline is when the job is certainly over; zero in files of earlier drivers.
	Deadline time.Time `json:"deadline,omitzero"`
	// Runner is the process to which the job belongs, where it is known.
	Runner *runnerproc.Process `json:"runner,omitempty"`
	// Over is true from before the driver stops the task for good.
	Over bool `json:"over,omitempty"`
	// Agent is nil where the task has no agent that works.
	Agent *Agent `json:"agent,omitempty"`
	// Build is nil where the job has no image of its own.
	Build *Build `json:"build,omitempty"`
	// Services are the job's, in the order of their containers.
	Services []Service `json:"services,omitempty"`
}

// Build is ci-agent in the container of the job's image.
type Build struct {
	// Protocol is the version of the agent that serves there.
	Protocol int `json:"protocol"`
	// Image is for people. Socket is a path in the volume that the task's containers share, User who serves there.
	Image  string `json:"image"`
	Socket string `json:"socket"`
	User   int    `json:"user"`
}

// Service is a service of the job.
type Service struct {
	// Image is for people, and so is Name, the first of those by which the job finds it.
	Image string `json:"image"`
	Name  string `json:"name"`
	// LoggedUntil is the time in milliseconds since 1970 up to which the job's log has the service's.
	// LoggedThen is how many events of that millisecond it has.
	LoggedUntil int64 `json:"logged_until,omitempty"`
	LoggedThen  int   `json:"logged_then,omitempty"`
	// Told is true where the job's log tells that the service has ended or did not come up.
	Told bool `json:"told,omitempty"`
}

// Agent is ci-agent in a task.
type Agent struct {
	// Protocol is the version of the agent that the driver found or uploaded.
	Protocol int `json:"protocol"`
	// Path is the path of the program. Directory names the agent that serves in the task.
	Path      string `json:"path"`
	Directory string `json:"directory"`
}

// NewTask returns an intent with a fresh nonce.
func NewTask(cluster, startedBy, privateKey string) *Task {
	task := &Task{Version: version, Cluster: cluster, StartedBy: startedBy, PrivateKey: privateKey}
	task.Renew()
	return task
}

// Renew turns it into the intent to start another task, where the one before has stopped or never started.
func (t *Task) Renew() {
	t.Nonce, t.IntendedAt, t.ARN, t.Address = random.Hex(16), time.Now().UTC(), "", ""
}

// ClientToken makes RunTask idempotent. It has 64 hexadecimal digits, as many as ECS allows.
func (t *Task) ClientToken() string {
	sum := sha256.Sum256([]byte(t.StartedBy + "\x00" + t.Nonce))
	return hex.EncodeToString(sum[:])
}

// Store is a directory with a file for each job.
type Store struct{ directory string }

// Open returns the store below the configured directory. Its own subdirectory is closed to other users, whatever the
// mode of the configured one.
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

// Load returns nil without an error where the job has no file.
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

// Keys returns the keys of the jobs that have a file.
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

// Providers counts the tasks of this host's jobs by capacity provider. It leaves out what it cannot read.
func (s *Store) Providers() map[string]int {
	running := map[string]int{}
	keys, _ := s.Keys()
	for _, key := range keys {
		if task, err := s.Load(key); err == nil && task != nil && task.Provider != "" && !task.Over {
			running[task.Provider]++
		}
	}
	return running
}

// Save replaces the job's file and returns once it is on disk: after a power cut, too, somebody must find a task that
// costs money.
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

// Remove removes the job's file, and what a killed Save has left. It succeeds where there is no file.
func (s *Store) Remove(key string) error {
	err := errors.Join(atomicfile.Remove(s.path(key)), atomicfile.SyncFolder(s.directory))
	if err != nil {
		return fmt.Errorf("removing the task's state: %w", err)
	}
	return nil
}

// Sweep removes what Saves that were killed before the given time have left. A Save takes moments.
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
