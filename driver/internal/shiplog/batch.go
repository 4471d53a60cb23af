// Package shiplog copies a host's journal to a log stream of CloudWatch Logs, each entry at least once and in order.
package shiplog

import "time"

// What one PutLogEvents takes.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const (
	maxEvents = 10_000
	maxBytes  = 1_048_576
	maxSpan   = 24 * time.Hour
	// perEvent is what each event counts besides its message, in bytes.
	perEvent = 26
)

// Event is one event of a log stream.
type Event struct {
	Time time.Time
	// Message is not empty, valid UTF-8, and fits in a batch.
	Message string
	// Cursor is that of the journal's entry whose last event this is; empty on the others.
	Cursor string
}

// Batch is what goes in one call: events in the order of their times.
type Batch struct {
	Events []Event
	// Cursor is that of the last entry that is wholly in this batch or one before it; empty where none ends here.
	Cursor string
	bytes  int
}

// Add takes an event, or returns false where the batch has to be sent first. An empty batch takes every event.
func (b *Batch) Add(event Event) bool {
	size := len(event.Message) + perEvent
	if count := len(b.Events); count > 0 {
		first, last := b.Events[0].Time, b.Events[count-1].Time
		// A clock that was set back starts a new batch: within one, order is a must.
		if count == maxEvents || b.bytes+size > maxBytes || event.Time.Before(last) || event.Time.Sub(first) > maxSpan {
			return false
		}
	}
	b.Events = append(b.Events, event)
	b.bytes += size
	if event.Cursor != "" {
		b.Cursor = event.Cursor
	}
	return true
}
