package resident

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

func pipe(t *testing.T) (out, in *os.File) {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = out.Close(), in.Close() })
	return out, in
}

// open opens a session that hands the files over.
func open(t *testing.T, directory string, files []*os.File, kind wire.Type, payload ...[]byte) *net.UnixConn {
	t.Helper()
	conn := dial(t, directory)
	var rights []int
	for _, file := range files {
		rights = append(rights, int(file.Fd()))
	}
	if err := wire.NewWriter(&withRights{conn, syscall.UnixRights(rights...)}).Send(kind, payload...); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		_ = file.Close()
	}
	return conn
}

// The agent writes into the session's own output and says nothing on the connection. At the end nobody has it open.
func TestOutputIsWrittenWhereTheRelayWouldWriteIt(t *testing.T) {
	_, directory := serving(t, time.Hour)
	out, in := pipe(t)
	conn := dial(t, directory)
	if err := Open(conn, in, wire.Run, []byte("abc")); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	to, from := wire.NewWriter(conn), wire.NewReader(out)
	send(to, "echo hello", 10)
	if kind, payload, err := from.Next(); kind != wire.Started {
		t.Fatalf("%q %q, %v", kind, payload, err)
	}
	if text, result := output(t, from); text != "hello\n" || result.Code != 0 {
		t.Errorf("%q, %+v", text, result)
	}
	_ = to.Send(wire.Done)
	for name, end := range map[string]io.Reader{"output": out, "connection": conn} {
		if rest, err := io.ReadAll(end); len(rest) > 0 || err != nil {
			t.Errorf("%s: %q, %v", name, rest, err)
		}
	}
}

func TestRefusalIsWrittenWhereTheRelayWouldWriteIt(t *testing.T) {
	_, directory := serving(t, time.Hour)
	out, in := pipe(t)
	open(t, directory, []*os.File{in}, wire.Attach, wire.Number(0), []byte("abc"))
	if kind, payload, err := wire.NewReader(out).Next(); kind != wire.Error {
		t.Errorf("%q %q, %v", kind, payload, err)
	}
}

// Only a pipe is written to, and nothing else that comes with it stays open.
func TestWhatIsHandedOver(t *testing.T) {
	_, directory := serving(t, time.Hour)
	begin(t, directory, "abc", "echo hello")
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	conn := open(t, directory, []*os.File{file}, wire.Attach, wire.Number(0), []byte("abc"))
	from := wire.NewReader(conn)
	if kind, payload, err := from.Next(); kind != wire.Started {
		t.Errorf("%q %q, %v", kind, payload, err)
	}
	if text, _ := output(t, from); text != "hello\n" {
		t.Errorf("%q", text)
	}
	if info, err := os.Stat(file.Name()); err != nil || info.Size() != 0 {
		t.Errorf("a file was written to: %v, %v", info, err)
	}

	first, in1 := pipe(t)
	second, in2 := pipe(t)
	open(t, directory, []*os.File{in1, in2}, wire.Attach, wire.Number(0), []byte("abc"))
	if kind, payload, err := wire.NewReader(first).Next(); kind != wire.Started {
		t.Errorf("%q %q, %v", kind, payload, err)
	}
	if rest, err := io.ReadAll(second); len(rest) > 0 || err != nil {
		t.Errorf("the second pipe: %q, %v", rest, err)
	}
}

// A session whose output nobody reads ends at once when another one takes its place: it writes no more than is in the
// pipe already.
func TestSessionThatWaitsForItsReaderIsReplaced(t *testing.T) {
	_, directory := serving(t, time.Hour)
	begin(t, directory, "abc", "head -c 1000000 /dev/zero")
	out, in := pipe(t)
	relay := open(t, directory, []*os.File{in}, wire.Attach, wire.Number(0), []byte("abc"))
	if _, err := io.CopyN(io.Discard, out, inFlight/2); err != nil {
		t.Fatal(err)
	}
	open(t, directory, nil, wire.Attach, wire.Number(0), []byte("abc"))
	if rest, err := io.ReadAll(relay); len(rest) > 0 || err != nil {
		t.Errorf("on the connection: %q, %v", rest, err)
	}
	const inPipe = 64 << 10
	if rest, err := io.ReadAll(out); len(rest) > inPipe || err != nil {
		t.Errorf("%d bytes were left, %v", len(rest), err)
	}
}

func TestSessionEndsWithItsRelay(t *testing.T) {
	_, directory := serving(t, time.Hour)
	begin(t, directory, "abc", "echo hello")
	out, in := pipe(t)
	relay := open(t, directory, []*os.File{in}, wire.Attach, wire.Number(0), []byte("abc"))
	from := wire.NewReader(out)
	if kind, payload, err := from.Next(); kind != wire.Started {
		t.Fatalf("%q %q, %v", kind, payload, err)
	}
	output(t, from)
	_ = relay.Close()
	if rest, err := io.ReadAll(out); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}
