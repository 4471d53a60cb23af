package shiplog

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxText is the most bytes of text in one event; a longer message becomes several events. Quoting makes six bytes of a
// control character, and the result must fit in the 1 MiB of a batch.
const maxText = 128 << 10

// Entry is one entry of the journal as `journalctl --output=json` prints it.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html
type Entry struct {
	Cursor   string          `json:"__CURSOR"`
	Realtime string          `json:"__REALTIME_TIMESTAMP"`
	Unit     json.RawMessage `json:"_SYSTEMD_UNIT"`
	About    json.RawMessage `json:"UNIT"`
	Priority json.RawMessage `json:"PRIORITY"`
	Message  json.RawMessage `json:"MESSAGE"`
}

// message is the JSON text of an event. CloudWatch Logs Insights finds its fields by name.
type message struct {
	Unit    string `json:"unit"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

// ParseEntry reads a line of journalctl.
func ParseEntry(line []byte) (Entry, error) {
	var entry Entry
	if err := json.Unmarshal(line, &entry); err != nil {
		return Entry{}, fmt.Errorf("reading an entry of the journal: %w", err)
	}
	if entry.Cursor == "" {
		return Entry{}, fmt.Errorf("reading an entry of the journal: it has no cursor")
	}
	return entry, nil
}

// Events splits an entry into events that CloudWatch takes, at least one.
func (e Entry) Events() ([]Event, error) {
	micros, err := strconv.ParseInt(e.Realtime, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("reading an entry's time: %w", err)
	}
	// An entry of systemd about a unit belongs to that unit.
	unit := field(e.About)
	if unit == "" {
		unit = field(e.Unit)
	}
	level := levels[field(e.Priority)]
	var events []Event
	for _, text := range cut(colours.ReplaceAllString(field(e.Message), ""), maxText) {
		var encoded strings.Builder
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(message{Unit: unit, Level: level, Message: text}); err != nil {
			return nil, fmt.Errorf("writing an event: %w", err)
		}
		events = append(events, Event{Time: time.UnixMicro(micros),
			Message: strings.TrimSuffix(encoded.String(), "\n")})
	}
	events[len(events)-1].Cursor = e.Cursor
	return events, nil
}

// colours matches the escape sequences with which the runner colours its log; journald keeps them.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// levels are the names of syslog's priorities.
var levels = map[string]string{
	"0": "emergency", "1": "alert", "2": "critical", "3": "error", "4": "warning", "5": "notice", "6": "info",
	"7": "debug",
}

// field returns a field's text. journalctl prints it as a string, as numbers where it is not UTF-8, or as a list of
// both.
func field(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var numbers []int
	if json.Unmarshal(raw, &numbers) == nil {
		bytes := make([]byte, len(numbers))
		for i, number := range numbers {
			bytes[i] = byte(number)
		}
		return strings.ToValidUTF8(string(bytes), "\uFFFD")
	}
	var several []json.RawMessage
	if json.Unmarshal(raw, &several) == nil && len(several) > 0 {
		return field(several[len(several)-1])
	}
	return ""
}

// cut splits a text between characters into pieces of at most size bytes. An empty text is one piece.
func cut(text string, size int) []string {
	var pieces []string
	for len(text) > size {
		end := size
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		pieces = append(pieces, text[:end])
		text = text[end:]
	}
	return append(pieces, text)
}
