// Package printable makes text that others chose fit for the job's log.
package printable

import (
	"strings"
	"unicode"
)

// Of returns the text without control characters and without bytes that are no text, so that it forges no line of the
// log and does not look like the driver's own words, which people trust.
func Of(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
}
