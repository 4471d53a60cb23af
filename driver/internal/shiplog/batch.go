// Package shiplog copies a host's journal to a log stream of CloudWatch Logs. Each entry arrives at least once, and in
// order.
package shiplog

import "time"

// These are the limits of one PutLogEvents.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const (
	maxEvents = 10_000
	maxBytes  = 1_048_576
	maxSpan   = 24 * time.Hour
	// perEvent is what CloudWatch counts for each event beside its message, in bytes.
	perEvent = 26
)

// Event is one event of a log stream.
type Event struct {
	Time time.Time
	// Message is not empty, valid UTF-8, and fits in a batch.
	Message string
	// Cursor is the cursor of the journal's entry where this is the entry's last event; empty on the others.
	Cursor string
}

// Batch is the content of one call: events in the order of their times.
type Batch struct {
	Events []Event
	// Cursor is the cursor of the last entry that is completely in this batch or an earlier one; empty where no entry
	// ends here.
	Cursor string
	bytes  int
}

// Add appends an event. It returns false where the shipper has to send the batch first. An empty batch takes every
// event.
func (b *Batch) Add(event Event) bool {
	size := len(event.Message) + perEvent
	if count := len(b.Events); count > 0 {
		first, last := b.Events[0].Time, b.Events[count-1].Time
		// CloudWatch wants the events of a batch in order, so a clock that was set back starts a new batch.
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
