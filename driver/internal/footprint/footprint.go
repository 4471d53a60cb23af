// Package footprint keeps the driver small: it may wait for a script for hours, beside many other drivers on the host.
package footprint

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

// gcPercent trades processor time for memory: by how much the heap may grow before it is collected. By default Go
// lets it grow to 4 MiB; a driver that passes output on needs one. But collections of one take almost half of its
// processor time, so a driver whose stage may be over in a moment keeps the default.
const gcPercent = 25

// longStage is when a stage counts as a long one. Most stages end sooner, and a collection would take as much processor
// time as everything else that the driver does for them.
const longStage = 2 * time.Second

// niceness is that of a driver in a long stage. A job that writes without an end keeps its driver busy; the runner and
// the drivers of jobs that begin or end come first.
const niceness = 10

// OneThread lets one thread of the process work at a time. What passes output on is one line of small steps, as ssh's
// client does it in one thread. Spread over several threads it takes half as much processor time again: most of that
// goes into waking them, above all for collections.
func OneThread() { runtime.GOMAXPROCS(1) }

// TrimLater gives memory back to the system once the call has lasted for a while, and lets other processes come first.
// The driver no longer needs what it allocated to read files, to talk to AWS and to exchange keys. The caller calls
// stop when the call ends.
func TrimLater() (stop func()) {
	timer := time.AfterFunc(longStage, func() {
		debug.SetGCPercent(gcPercent)
		debug.FreeOSMemory()
		giveWay()
	})
	return func() { timer.Stop() }
}

// giveWay lowers the priority of all threads. Linux has one for each, and a new thread takes that of its maker.
// setpriority(2)
func giveWay() {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		// The system call returns 20 less the niceness.
		if now, err := syscall.Getpriority(syscall.PRIO_PROCESS, id); err == nil && 20-now < niceness {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, niceness)
		}
	}
}
