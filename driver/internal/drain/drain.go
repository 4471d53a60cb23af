// Package drain says how long a script's output is waited for once the script has ended: a process that the script has
// left in the background may hold the output open for ever, or write to it for ever.
package drain

import "time"

const (
	// Idle ends the wait where no output came for so long.
	Idle = time.Second
	// Max ends the wait however much still comes.
	Max = 30 * time.Second
)
