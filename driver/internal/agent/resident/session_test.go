package resident

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// serving makes this process a folder's agent until the test ends. It takes the children of the whole process.
func serving(t *testing.T, keep time.Duration) (server *Server, directory string) {
	t.Helper()
	directory = t.TempDir()
	listener, err := Listen(directory)
	if err != nil {
		t.Fatal(err)
	}
	server = newServer(keep)
	ended := make(chan error)
	go func() { ended <- server.serve(listener) }()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		server.reaper.stop()
	})
	return server, directory
}

func dial(t *testing.T, directory string) *net.UnixConn {
	t.Helper()
	conn, err := Dial(directory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// begin starts a stage and returns once the agent has said so.
func begin(t *testing.T, directory, token, script string) (*net.UnixConn, *wire.Reader) {
	t.Helper()
	conn := dial(t, directory)
	to, from := wire.NewWriter(conn), wire.NewReader(conn)
	_ = to.Send(wire.Run, []byte(token))
	_ = to.Send(wire.Script, []byte(script))
	_ = to.Send(wire.Start, wire.Number(int64(len(script))))
	if kind, payload, err := from.Next(); kind != wire.Started {
		t.Fatalf("%q %q, %v", kind, payload, err)
	}
	return conn, from
}

// output returns all output up to the stage's end.
func output(t *testing.T, from *wire.Reader) (text string, result wire.Result) {
	t.Helper()
	for {
		kind, payload, err := from.Next()
		switch {
		case err != nil:
			t.Fatal(err)
		case kind == wire.Output:
			text += string(payload[8:])
		case kind == wire.Exit:
			result, err = wire.ParseResult(payload)
			if err != nil {
				t.Fatal(err)
			}
			return text, result
		default:
			t.Fatalf("%q %q", kind, payload)
		}
	}
}

// refusal returns what the agent says in the place of a stage's start.
func refusal(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	kind, payload, err := wire.NewReader(conn).Next()
	if kind != wire.Error || err != nil {
		t.Fatalf("%q %q, %v", kind, payload, err)
	}
	return string(payload)
}

// The driver has the result, and its word that it has was lost.
func TestResultThatNobodyAsksForIsForgotten(t *testing.T) {
	server, directory := serving(t, 300*time.Millisecond)
	conn, from := begin(t, directory, "abc", "echo hello")
	if text, _ := output(t, from); text != "hello\n" {
		t.Errorf("%q", text)
	}
	_ = conn.Close()
	for kept := true; kept; time.Sleep(time.Millisecond) {
		server.mu.Lock()
		kept = server.stages["abc"] != nil
		server.mu.Unlock()
	}
	conn = dial(t, directory)
	_ = wire.NewWriter(conn).Send(wire.Attach, wire.Number(0), []byte("abc"))
	if text := refusal(t, conn); text != "the stage's result has been taken, or was not asked for in time" {
		t.Errorf("%q", text)
	}
}

// A token runs once, however often and from however many sessions the driver sends its script.
func TestATokenRunsOnce(t *testing.T) {
	_, directory := serving(t, time.Hour)
	ran := filepath.Join(directory, "ran")
	script := "echo x >>" + ran + "; echo out; exit 3"
	for range 3 {
		_, from := begin(t, directory, "abc", script)
		if text, result := output(t, from); text != "out\n" || result.Code != 3 {
			t.Errorf("%q, %+v", text, result)
		}
	}
	conn, from := begin(t, directory, "abc", script)
	output(t, from)
	_ = wire.NewWriter(conn).Send(wire.Done)
	if _, _, err := from.Next(); err == nil { // until the agent has closed the session
		t.Error("another frame came")
	}
	conn = dial(t, directory)
	to := wire.NewWriter(conn)
	_ = to.Send(wire.Run, []byte("abc"))
	_ = to.Send(wire.Start, wire.Number(0))
	if text := refusal(t, conn); text != "the stage's result has been taken, or was not asked for in time" {
		t.Errorf("%q", text)
	}
	if content, _ := os.ReadFile(ran); string(content) != "x\n" {
		t.Errorf("the script's effects: %q", content)
	}
}

// What the driver sends must be complete, or nothing starts.
func TestScriptsThatDoNotStart(t *testing.T) {
	const incomplete, unknown = "the script did not arrive completely: ", "not ci-agent's protocol: "
	tests := map[string]struct {
		send func(*wire.Writer)
		want string
	}{
		"nothing":      {func(*wire.Writer) {}, incomplete + "EOF"},
		"no start":     {func(w *wire.Writer) { _ = w.Send(wire.Script, []byte("true")) }, incomplete + "EOF"},
		"a wrong size": {func(w *wire.Writer) { send(w, "true", 5) }, incomplete + "4 bytes of 5"},
		"a number cut": {func(w *wire.Writer) { _ = w.Send(wire.Start, []byte{1}) }, unknown + "a number of 1 bytes"},
		"another frame": {func(w *wire.Writer) { _ = w.Send(wire.Ack, wire.Number(0)) },
			unknown + "a frame 'K' before the script's end"},
		"a script too long": {func(w *wire.Writer) {
			for range MaxScript/wire.MaxPayload + 1 {
				_ = w.Send(wire.Script, make([]byte, wire.MaxPayload))
			}
		}, "the script is longer than 67108864 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, directory := serving(t, time.Hour)
			conn := dial(t, directory)
			to := wire.NewWriter(conn)
			_ = to.Send(wire.Run, []byte("abc"))
			test.send(to)
			_ = conn.CloseWrite()
			if text := refusal(t, conn); text != test.want {
				t.Errorf("%q", text)
			}
			if len(server.stages) != 0 {
				t.Error("the stage is known")
			}
		})
	}
}

func send(to *wire.Writer, script string, size int64) {
	_ = to.Send(wire.Script, []byte(script))
	_ = to.Send(wire.Start, wire.Number(size))
}

func TestOffsetsThatCannotBeResumed(t *testing.T) {
	_, directory := serving(t, time.Hour)
	_, from := begin(t, directory, "abc", "echo hello")
	output(t, from)
	for token, tests := range map[string]map[int64]string{
		"abc":   {7: "the stage's output cannot be resumed at this offset"},
		"other": {0: "the task knows no such stage"},
	} {
		for offset, want := range tests {
			conn := dial(t, directory)
			_ = wire.NewWriter(conn).Send(wire.Attach, wire.Number(offset), []byte(token))
			if text := refusal(t, conn); text != want {
				t.Errorf("%s at %d: %q", token, offset, text)
			}
		}
	}
	conn := dial(t, directory)
	_ = wire.NewWriter(conn).Send(wire.Done)
	if text := refusal(t, conn); text != "a session begins with Run or Attach" {
		t.Errorf("%q", text)
	}
}
