// Package failure holds the errors that end a call with a message for the reader of the job's log.
package failure

import "fmt"

// Failure is one sentence about the cause and, where there is one, a way out.
type Failure struct {
	// Sentence says what went wrong, without a full stop.
	Sentence string
	// Hint says what to do about it, as a full sentence; empty where nothing helps.
	Hint string
	// Build is true where the job itself is to blame, so that the runner must not try it again.
	Build bool
	// Passing is true where a later try may work without anybody's help.
	Passing bool
	// Err is the error underneath; its text is appended to the sentence. It may be nil.
	Err error
}

// Error returns the sentence and the text of the error underneath.
func (f *Failure) Error() string {
	if f.Err == nil {
		return f.Sentence
	}
	return fmt.Sprintf("%s: %v", f.Sentence, f.Err)
}

// Unwrap returns the error underneath.
func (f *Failure) Unwrap() error { return f.Err }

// New returns a failure with a hint and no error underneath.
func New(hint, format string, args ...any) *Failure {
	return &Failure{Sentence: fmt.Sprintf(format, args...), Hint: hint}
}

// Wrap returns a failure with a hint on top of err.
func Wrap(err error, hint, format string, args ...any) *Failure {
	return &Failure{Sentence: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}

// Script is the error of a script that ran and ended with an exit code other than 0: the job failed, not the driver.
type Script struct {
	// Code is the script's exit code, 1–255; 128 + N where signal N ended it.
	Code int
	// Signal is the signal's name without SIG, where a signal ended the script.
	Signal string
}

// Error tells how the script ended.
func (s *Script) Error() string {
	if s.Signal != "" {
		return fmt.Sprintf("the script was ended by SIG%s (exit code %d)", s.Signal, s.Code)
	}
	return fmt.Sprintf("the script ended with exit code %d", s.Code)
}
