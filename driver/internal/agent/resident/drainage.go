package resident

import (
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/drain"
)

// drainStep is the pause between two looks at the output of a script that has ended.
const drainStep = drain.Idle / 10

// inPipe is how much a script may have written that is not in the spool when it ends: what the kernel's pipe holds, and
// the chunk that waits for room. pipe(7)
const inPipe = 64<<10 + wire.Chunk

// drainage decides when nobody waits for a script's output any more.
type drainage struct {
	// own is the offset before which the output may be the script's own, and not of a process in the background.
	own           int64
	idle, flowing time.Duration
	// reads is the count of reads at the look before.
	reads int64
}

// over is asked once a drainStep. The time while the spool is full does not count as long as the script's own output is
// not all in it: then the driver is late, not the output. After that it counts, since a process that writes faster than
// the log is taken would hold its stage open for ever.
func (d *drainage) over(reads, end int64, blocked bool) bool {
	if blocked && end < d.own {
		return false
	}
	d.flowing += drainStep
	if d.idle += drainStep; reads != d.reads || blocked {
		d.idle = 0
	}
	d.reads = reads
	return d.idle >= drain.Idle || d.flowing >= drain.Max
}
