package shiplog

import (
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// filled returns a batch of count events a millisecond apart.
func filled(t *testing.T, count int, message string) Batch {
	t.Helper()
	var batch Batch
	for i := range count {
		if !batch.Add(Event{Time: start.Add(time.Duration(i) * time.Millisecond), Message: message}) {
			t.Fatalf("event %d does not fit", i)
		}
	}
	return batch
}

func TestBatchLimits(t *testing.T) {
	later := start.Add(time.Hour)
	full := strings.Repeat("x", maxBytes/4-perEvent)
	tests := map[string]struct {
		batch Batch
		event Event
		want  bool
	}{
		"an empty one takes all": {Batch{}, Event{Time: start, Message: strings.Repeat("x", maxBytes)}, true},
		"10,000 events":          {filled(t, maxEvents-1, "x"), Event{Time: later, Message: "x"}, true},
		"10,001 events":          {filled(t, maxEvents, "x"), Event{Time: later, Message: "x"}, false},
		"1 MiB":                  {filled(t, 3, full), Event{Time: later, Message: full}, true},
		"1 MiB and a byte":       {filled(t, 3, full), Event{Time: later, Message: full + "x"}, false},
		"a day": {filled(t, 1, "x"), Event{Time: start.Add(24 * time.Hour), Message: "x"},
			true},
		"more than a day": {filled(t, 1, "x"), Event{Time: start.Add(24*time.Hour + 1), Message: "x"},
			false},
		"the same time":             {filled(t, 1, "x"), Event{Time: start, Message: "x"}, true},
		"a clock that was set back": {filled(t, 2, "x"), Event{Time: start, Message: "x"}, false},
		"bytes, not characters": {filled(t, 3, full),
			Event{Time: later, Message: strings.Repeat("ü", len(full)/2)}, true},
		"a character of two bytes more": {filled(t, 3, full),
			Event{Time: later, Message: strings.Repeat("ü", len(full)/2) + "ü"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := len(test.batch.Events)
			if got := test.batch.Add(test.event); got != test.want {
				t.Errorf("got %v", got)
			}
			if added := len(test.batch.Events) - before; (added == 1) != test.want {
				t.Errorf("%d events added", added)
			}
		})
	}
}

func TestBatchCursor(t *testing.T) {
	var batch Batch
	batch.Add(Event{Time: start, Message: "a", Cursor: "1"})
	batch.Add(Event{Time: start, Message: "the first half of an entry"})
	if batch.Cursor != "1" {
		t.Errorf("cursor %q: an entry that is not whole must come again", batch.Cursor)
	}
}
