package wire_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// FuzzReader reads whatever comes as frames and as each payload: errors, never a panic, and never more memory than a
// frame; what can be read is written the same again.
func FuzzReader(f *testing.F) {
	f.Add([]byte("s\x00\x00\x00\x00"))
	f.Add([]byte("o\x00\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x05hi"))
	f.Add([]byte("x\x00\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00\x07\x89KILL"))
	f.Fuzz(func(t *testing.T, content []byte) {
		from := wire.NewReader(bytes.NewReader(content))
		var again bytes.Buffer
		to := wire.NewWriter(&again)
		for {
			kind, payload, err := from.Next()
			if err != nil {
				break
			}
			if len(payload) > wire.MaxPayload {
				t.Fatalf("a payload of %d bytes", len(payload))
			}
			if n, err := wire.ParseNumber(payload); err == nil && (n < 0 || !bytes.Equal(wire.Number(n), payload)) {
				t.Fatalf("the number %d from %x", n, payload)
			}
			if offset, data, err := wire.ParseOffset(payload); err == nil &&
				(offset < 0 || len(data) != len(payload)-8) {
				t.Fatalf("output %d, %x", offset, data)
			}
			if result, err := wire.ParseResult(payload); err == nil &&
				(result.Written < 0 || !bytes.Equal(result.Payload(), payload)) {
				t.Fatalf("the result %+v from %x", result, payload)
			}
			if err := to.Send(kind, payload); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(content, again.Bytes()) {
			t.Fatalf("%x was read as %x", content, again.Bytes())
		}
	})
}

func TestRefused(t *testing.T) {
	tests := map[string]struct {
		content string
		want    error
	}{
		"nothing":         {"", io.EOF},
		"half a header":   {"o\x00\x00", io.ErrUnexpectedEOF},
		"half a payload":  {"o\x00\x00\x00\x02a", io.ErrUnexpectedEOF},
		"no payload":      {"o\x00\x00\x00\x02", io.ErrUnexpectedEOF},
		"a huge payload":  {"o\xff\xff\xff\xff", wire.ErrFormat},
		"a byte too much": {"o\x00\x01\x00\x01", wire.ErrFormat},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, _, err := wire.NewReader(bytes.NewReader([]byte(test.content))).Next(); !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	err := wire.NewWriter(io.Discard).Send(wire.Output, make([]byte, wire.MaxPayload), []byte{1})
	if !errors.Is(err, wire.ErrFormat) {
		t.Errorf("a frame too long was sent: %v", err)
	}
	for _, payload := range [][]byte{nil, make([]byte, 7), make([]byte, 9), bytes.Repeat([]byte{255}, 8)} {
		if _, err := wire.ParseNumber(payload); !errors.Is(err, wire.ErrFormat) {
			t.Errorf("%x is taken for a number", payload)
		}
	}
	for _, signal := range []string{"\n", "kill", "A LONG NAME OF ONE"} {
		if _, err := wire.ParseResult(append(wire.Number(0), "\x01"+signal...)); !errors.Is(err, wire.ErrFormat) {
			t.Errorf("%q is taken for a signal", signal)
		}
	}
	if n, err := wire.ParseNumber(wire.Number(math.MaxInt64)); n != math.MaxInt64 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAnErrorIsCutToAFrame(t *testing.T) {
	for _, text := range []string{"", "no such stage", strings.Repeat("e", wire.MaxPayload+1)} {
		var sent bytes.Buffer
		if err := wire.NewWriter(&sent).Fail(errors.New(text)); err != nil {
			t.Fatal(err)
		}
		kind, payload, err := wire.NewReader(&sent).Next()
		want := text[:min(len(text), wire.MaxPayload)]
		if kind != wire.Error || string(payload) != want || err != nil {
			t.Errorf("%q with %d bytes, want %d, %v", kind, len(payload), len(want), err)
		}
	}
}
