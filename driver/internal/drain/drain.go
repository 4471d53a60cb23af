// Package drain says how long the driver and ci-agent wait for a script's output after the script has ended. A process
// that the script left in the background may hold the output open for ever, or write to it for ever.
package drain

import "time"

const (
	// Idle: the wait ends when no output came for this long.
	Idle = time.Second
	// Max: the wait ends after this time even if output still comes.
	Max = 30 * time.Second
)
