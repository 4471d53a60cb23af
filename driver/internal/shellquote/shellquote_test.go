package shellquote

import (
	"os/exec"
	"testing"
)

func TestQuote(t *testing.T) {
	for _, text := range []string{"", "word", "it's", "''", "a b\n$HOME `id` \"x\" \\ !", "-n"} {
		output, err := exec.Command("/bin/sh", "-c", "printf %s "+Quote(text)+" end").CombinedOutput()
		if err != nil || string(output) != text+"end" {
			t.Errorf("the shell makes %q of %q, %v", output, text, err)
		}
	}
}
