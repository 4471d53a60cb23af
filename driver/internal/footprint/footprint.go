// Package footprint keeps the driver small: it may wait for a script for hours, beside many other drivers on the host.
package footprint

import (
	"runtime/debug"
	"time"
)

// gcPercent trades time for memory: by default Go lets the heap grow to 4 MiB before it collects, and a driver that passes
// output on needs one of these.
const gcPercent = 25

// longStage is the time after which a stage counts as a long one. Most stages end sooner, and a collection would take as
// much CPU time as everything else that the driver does for them.
const longStage = 2 * time.Second

// TrimLater gives memory back to the system once the call has gone on for a while: what the driver allocated to read
// files, to talk to AWS and to exchange keys, it does not need again. The caller calls stop at the end of the call.
func TrimLater() (stop func()) {
	debug.SetGCPercent(gcPercent)
	timer := time.AfterFunc(longStage, debug.FreeOSMemory)
	return func() { timer.Stop() }
}
