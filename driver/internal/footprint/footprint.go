// Package footprint keeps a driver small that waits for a script, perhaps for hours, beside many others of its kind.
package footprint

import "runtime/debug"

// gcPercent trades time for memory: by default the heap grows to 4 MiB before it is collected, of which a driver that
// passes output on needs one.
const gcPercent = 25

// Trim is called when all is set up: most of what the program has run so far (reading files, AWS's SDK, key exchange) it
// will not run again.
func Trim() {
	debug.SetGCPercent(gcPercent)
	debug.FreeOSMemory()
	unmapOwn()
}
