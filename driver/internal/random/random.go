// Package random makes names that nobody can guess.
package random

import (
	"crypto/rand"
	"encoding/hex"
)

// Hex returns random bytes as hexadecimal digits, two for each byte.
func Hex(bytes int) string {
	word := make([]byte, bytes)
	_, _ = rand.Read(word) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(word)
}
