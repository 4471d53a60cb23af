package hosts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestAdd(t *testing.T) {
	for name, test := range map[string]struct{ before, want string }{
		"none":     {"127.0.0.1 localhost\n", "127.0.0.1 localhost\n127.0.0.1 db\n127.0.0.1 my__redis\n"},
		"one":      {"127.0.0.1 localhost db # db\n", "127.0.0.1 localhost db # db\n127.0.0.1 my__redis\n"},
		"both":     {"127.0.0.1\tdb\n127.0.0.1 my__redis\n", "127.0.0.1\tdb\n127.0.0.1 my__redis\n"},
		"an empty": {"", "127.0.0.1 db\n127.0.0.1 my__redis\n"},
		"others":   {"10.0.0.7 db\n#127.0.0.1 db", "10.0.0.7 db\n#127.0.0.1 db\n127.0.0.1 db\n127.0.0.1 my__redis\n"},
	} {
		file := filepath.Join(t.TempDir(), "hosts")
		if err := os.WriteFile(file, []byte(test.before), 0o644); err != nil {
			t.Fatal(err)
		}
		for range 2 { // The second time there is nothing to add.
			if err := Add(file, []string{"db", "my__redis"}); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(file); string(got) != test.want {
				t.Errorf("%s: %q, want %q", name, got, test.want)
			}
		}
	}
	if err := Add(filepath.Join(t.TempDir(), "none"), []string{"db"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
