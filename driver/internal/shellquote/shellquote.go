// Package shellquote writes text for POSIX shells.
package shellquote

import "strings"

// Quote makes the text one word, whatever it holds.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
