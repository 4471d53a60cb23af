package printable_test

import (
	"testing"

	"gitlab-fargate-runners/driver/internal/printable"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"alpine:3.23, größer": "alpine:3.23, größer",
		"a\r\nERROR: b\t\x00": "aERROR: b",
		"\x1b[31mred\x1b[0m":  "[31mred[0m",
		"\x7f\u009b1A":        "1A",
		"half\xc3":            "half",
	} {
		if got := printable.Of(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
