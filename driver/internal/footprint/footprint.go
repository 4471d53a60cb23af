// Package footprint keeps the driver small: it may wait for a script for hours, beside many other drivers on the host.
package footprint

import (
	"runtime/debug"
	"time"
)

// gcPercent trades processor time for memory. By default Go lets the heap grow to 4 MiB before it collects; a driver
// that passes output on needs one.
const gcPercent = 25

// longStage is when a stage counts as a long one. Most stages end sooner, and a collection would take as much processor
// time as everything else that the driver does for them.
const longStage = 2 * time.Second

// TrimLater gives memory back to the system once the call has lasted for a while. The driver no longer needs what it
// allocated to read files, to talk to AWS and to exchange keys. The caller calls stop when the call ends.
func TrimLater() (stop func()) {
	debug.SetGCPercent(gcPercent)
	timer := time.AfterFunc(longStage, debug.FreeOSMemory)
	return func() { timer.Stop() }
}
