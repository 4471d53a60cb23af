package task

import (
	"os"
	"strings"
	"testing"
)

// The table of failures in docs/driver.md has each way out that the driver knows, by what the job's log says then.
func TestFailuresInTheReference(t *testing.T) {
	content, err := os.ReadFile("../../../docs/driver.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(content), "\n## Failures\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var cells strings.Builder
	for line := range strings.Lines(table) {
		if cell, isRow := strings.CutPrefix(line, "| "); isRow {
			cell, _, _ = strings.Cut(cell, " | ")
			cells.WriteString(strings.ToLower(cell))
		}
	}
	if cells.Len() == 0 {
		t.Fatal("docs/driver.md has no table of failures")
	}
	documented := map[string]bool{}
	for _, one := range causes {
		says, _, _ := strings.Cut(one.says, "{")
		for _, text := range append(append([]string{strings.Trim(says, ": ")}, one.codes...), one.signs...) {
			if text != "" && strings.Contains(cells.String(), strings.ToLower(strings.TrimSuffix(text, " for"))) {
				documented[one.hint] = true
			}
		}
	}
	for _, one := range causes {
		if !documented[one.hint] {
			t.Errorf("docs/driver.md has no row for %q, %q: %s", one.codes, one.signs, one.hint)
		}
	}
}
