package shiplog

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func events(t *testing.T, line string) []Event {
	t.Helper()
	entry, err := ParseEntry([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	got, err := entry.Events()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEvents(t *testing.T) {
	const head = `{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1767323045123456",`
	at := time.UnixMicro(1767323045123456)
	tests := map[string]struct{ line, want string }{
		"a line": {
			head + `"_SYSTEMD_UNIT":"gitlab-runner.service","PRIORITY":"6","MESSAGE":"Job <1> & \"more\""}`,
			`{"unit":"gitlab-runner.service","level":"info","message":"Job <1> & \"more\""}`,
		},
		"systemd about a unit": {
			head + `"_SYSTEMD_UNIT":"init.scope","UNIT":"gitlab-runner.service","PRIORITY":"3","MESSAGE":"Failed"}`,
			`{"unit":"gitlab-runner.service","level":"error","message":"Failed"}`,
		},
		"bytes that are not UTF-8": {head + `"MESSAGE":[104,105,255]}`,
			`{"unit":"","level":"","message":"hi` + "\uFFFD" + `"}`},
		"colours": {head +
			`"MESSAGE":[27,91,51,49,59,49,109,69,82,82,79,82,27,91,48,59,109,32,106,111,98]}`,
			`{"unit":"","level":"","message":"ERROR job"}`},
		"a field given twice": {head + `"MESSAGE":["a","b"]}`, `{"unit":"","level":"","message":"b"}`},
		"no message":          {head + `"MESSAGE":null}`, `{"unit":"","level":"","message":""}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := []Event{{Time: at, Message: test.want, Cursor: "s=1;i=2"}}
			if diff := cmp.Diff(want, events(t, test.line)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLongEntryIsCut(t *testing.T) {
	for name, character := range map[string]string{"quoted": "\x01", "of three bytes": "€", "plain": "x"} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(character, 3*maxText/len(character)+1)
			encoded, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			got := events(t, `{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1","MESSAGE":`+string(encoded)+`}`)
			var whole strings.Builder
			for i, event := range got {
				if size := len(event.Message) + perEvent; size > maxBytes || !utf8.ValidString(event.Message) {
					t.Errorf("event %d: %d bytes", i, size)
				}
				if last := i == len(got)-1; (event.Cursor == "c") != last {
					t.Errorf("event %d of %d has the cursor %q", i, len(got), event.Cursor)
				}
				var fields message
				if err := json.Unmarshal([]byte(event.Message), &fields); err != nil {
					t.Fatal(err)
				}
				whole.WriteString(fields.Message)
			}
			if len(got) < 3 || whole.String() != text {
				t.Errorf("%d events, %d bytes in all, want %d", len(got), whole.Len(), len(text))
			}
		})
	}
}

func TestParseEntryRefuses(t *testing.T) {
	for _, line := range []string{"", "{", `{"MESSAGE":"x"}`} {
		if _, err := ParseEntry([]byte(line)); err == nil {
			t.Errorf("%q is no entry", line)
		}
	}
	if _, err := (Entry{Cursor: "c", Realtime: "soon"}).Events(); err == nil {
		t.Error("soon is no time")
	}
}
