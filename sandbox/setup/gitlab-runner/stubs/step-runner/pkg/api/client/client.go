// Package client is a stub: this build runs no steps.
package client

import "time"

// State is a run's state.
type State int

// The states.
const (
	StateUnspecified State = iota
	StateRunning
	StateSuccess
	StateFailure
	StateCancelled
)

func (State) String() string { return "unknown" }

// ErrorKind says why a run failed.
type ErrorKind int

// The kinds.
const (
	ErrorUnknown ErrorKind = iota
	ErrorInternal
	ErrorStepFailure
	ErrorCancelled
	ErrorTimeout
)

// Status is a run's outcome.
type Status struct {
	State     State
	ErrorKind ErrorKind
	Message   string
}

// Variable is a job's variable.
type Variable struct {
	Key, Value   string
	File, Masked bool
}

// RunRequest asks for a run.
type RunRequest struct {
	Id, WorkDir, BuildDir, Steps string
	Timeout                      *time.Duration
	Env                          map[string]string
	Variables                    []Variable
}
