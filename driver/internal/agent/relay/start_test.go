package relay_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/relay"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// What the driver sends must be complete, or nothing starts.
func TestScriptsThatDoNotStart(t *testing.T) {
	tests := map[string]struct {
		send func(*wire.Writer)
		want string
	}{
		"nothing": {func(*wire.Writer) {}, "did not arrive completely"},
		"no start": {func(w *wire.Writer) { _ = w.Send(wire.Script, []byte("true")) },
			"did not arrive completely"},
		"a wrong size": {func(w *wire.Writer) {
			_ = w.Send(wire.Script, []byte("true"))
			_ = w.Send(wire.Start, wire.Number(5))
		}, "4 bytes of 5"},
		"a number cut":  {func(w *wire.Writer) { _ = w.Send(wire.Start, []byte{1}) }, "not ci-agent's protocol"},
		"another frame": {func(w *wire.Writer) { _ = w.Send(wire.Ack, wire.Number(0)) }, "not ci-agent's protocol"},
		"too long a script": {func(w *wire.Writer) {
			for range relay.MaxScript/wire.MaxPayload + 1 {
				_ = w.Send(wire.Script, make([]byte, wire.MaxPayload))
			}
		}, "longer than"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var in, out bytes.Buffer
			test.send(wire.NewWriter(&in))
			directory := t.TempDir()
			err := relay.Session{Directory: directory, Token: "abc", Stdin: &in, Stdout: &out}.Run()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			said, found := strings.CutPrefix(out.String(), wire.Preamble("abc"))
			kind, payload, readErr := wire.NewReader(strings.NewReader(said)).Next()
			if !found || readErr != nil || kind != wire.Error || string(payload) != err.Error() {
				t.Errorf("the driver is told %q", out.String())
			}
			if left, _ := os.ReadDir(directory); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestAttachToNothing(t *testing.T) {
	var out bytes.Buffer
	session := relay.Session{Directory: filepath.Join(t.TempDir(), "none"), Token: "abc", Stdin: strings.NewReader(""),
		Stdout: &out}
	if err := session.Attach(0); err == nil || !strings.HasSuffix(out.String(), "the task knows no such stage") {
		t.Errorf("%v, %q", err, out.String())
	}
}
