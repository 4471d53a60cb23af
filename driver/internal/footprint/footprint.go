// Package footprint keeps a driver small that waits for a script, perhaps for hours, beside many others of its kind.
package footprint

import (
	"runtime/debug"
	"time"
)

// gcPercent trades time for memory: by default the heap grows to 4 MiB before it is collected, of which a driver that
// passes output on needs one.
const gcPercent = 25

// settled is when a stage counts as a long one. Most are over sooner, and trimming would take as much CPU time as all else
// that the driver does for them.
const settled = 2 * time.Second

// TrimLater gives memory back once the call has gone on for a while: most of what the program has run by then (reading
// files, AWS's SDK, key exchange) it will not run again. stop is called at the call's end.
func TrimLater() (stop func()) {
	debug.SetGCPercent(gcPercent)
	timer := time.AfterFunc(settled, func() {
		debug.FreeOSMemory()
		unmapOwn()
	})
	return func() { timer.Stop() }
}
