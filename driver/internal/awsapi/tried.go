package awsapi

import "fmt"

// Tried is the error of a call with how often the SDK has sent it.
type Tried struct {
	// Attempts is 0 where the call failed before anything was sent, for lack of credentials for example.
	Attempts int
	// Last is the error of the last of them. The SDK does not tell it where ctx ends before the next one.
	Last error
	Err  error
}

// Error returns the text of the error underneath, which the SDK completes with the number of attempts.
func (t *Tried) Error() string { return fmt.Sprint(t.Err) }

// Unwrap returns the error underneath.
func (t *Tried) Unwrap() error { return t.Err }
