// Package schema is a stub: this build runs no steps.
package schema

// StepInputs are a step's arguments.
type StepInputs map[string]any

// Step is one entry of a job's `run:`.
type Step struct {
	Name   *string    `json:"name,omitempty" yaml:"name,omitempty"`
	Step   any        `json:"step,omitempty" yaml:"step,omitempty"`
	Inputs StepInputs `json:"inputs,omitempty" yaml:"inputs,omitempty"`
	Run    []Step     `json:"run,omitempty" yaml:"run,omitempty"`
}
