package resident

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLastWords(t *testing.T) {
	const text = "this task ends soon\n"
	server, directory := serving(t, time.Minute)
	server.lastWords = filepath.Join(t.TempDir(), "words")
	write := func() {
		t.Helper()
		if err := os.WriteFile(server.lastWords, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	untilTold := "until [ -e " + server.lastWords + ".told ]; do sleep 0.01; done; "
	// A stage may write as its agent does.
	says := func(got, words, own string) {
		t.Helper()
		if got != words+own && got != own+words {
			t.Errorf("the stage says %q", got)
		}
	}

	_, from := begin(t, directory, "running", untilTold+"echo more")
	server.tellLastWords() // the job's own signal: there is no text
	write()
	server.tellLastWords()
	got, _ := output(t, from)
	says(got, "\n"+text, "more\n")

	// Where the text comes between two stages, the next one has it at its begin, and the one after it has not.
	if err := os.Remove(server.lastWords + ".told"); err != nil {
		t.Fatal(err)
	}
	write()
	server.tellLastWords()
	if _, err := os.Stat(server.lastWords); err != nil {
		t.Errorf("a stage that had ended took the words: %v", err)
	}
	_, from = begin(t, directory, "next", untilTold+"echo next")
	got, _ = output(t, from)
	says(got, "\n"+text, "next\n")
	_, from = begin(t, directory, "last", "echo last")
	got, _ = output(t, from)
	says(got, "", "last\n")
}
