package relay_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"strconv"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/relay"
	"gitlab-fargate-runners/driver/internal/agent/supervisor"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// TestMain lets the test binary be the supervisor of a script that is quicker than the relay: before the relay knows
// that the script has started, the folder of the stages is gone.
func TestMain(m *testing.M) {
	if len(os.Args) < 8 || os.Args[1] != "supervise" {
		os.Exit(m.Run())
	}
	directory, token := os.Args[3], os.Args[5]
	size, _ := strconv.ParseInt(os.Args[7], 10, 64)
	first, err := net.FileConn(os.NewFile(4, "session"))
	if err != nil {
		panic(err)
	}
	status := quick{os.NewFile(3, "status"), directory}
	if err := supervisor.Main(directory, token, size, os.Stdin, status, first); err != nil {
		panic(err)
	}
}

type quick struct {
	io.WriteCloser
	directory string
}

func (q quick) Write(p []byte) (int, error) {
	_ = os.RemoveAll(q.directory)
	return q.WriteCloser.Write(p)
}

func TestAScriptThatRemovesItsSocketAtOnce(t *testing.T) {
	directory, err := os.MkdirTemp("", "s") // t.TempDir's name may be too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(directory) }()
	var in, out bytes.Buffer
	to := wire.NewWriter(&in)
	_ = to.Send(wire.Script, []byte("echo hello"))
	_ = to.Send(wire.Start, wire.Number(int64(len("echo hello"))))
	// The driver's side stays open until the result has come.
	over, end := io.Pipe()
	session := relay.Session{Directory: directory, Token: "abc", Stdin: io.MultiReader(&in, over),
		Stdout: &until{said: &out, text: "hello\n", then: func() { _ = wire.NewWriter(end).Send(wire.Done) }}}
	if err := session.Run(); err != nil {
		t.Fatal(err)
	}
	said := wire.NewReader(bytes.NewReader(out.Bytes()[len(wire.Preamble("abc")):]))
	var kinds []wire.Type
	for {
		kind, payload, err := said.Next()
		if err != nil {
			break
		}
		if kinds = append(kinds, kind); kind == wire.Exit {
			if result, err := wire.ParseResult(payload); err != nil || result.Code != 0 || result.Written != 6 {
				t.Errorf("%+v, %v", result, err)
			}
			break
		}
	}
	if len(kinds) != 3 || kinds[0] != wire.Started || kinds[1] != wire.Output || kinds[2] != wire.Exit {
		t.Errorf("the driver is told %q: %q", kinds, out.String())
	}
}

// until calls then once, when the exit frame has come after the text.
type until struct {
	said *bytes.Buffer
	text string
	then func()
	done bool
}

func (u *until) Write(p []byte) (int, error) {
	n, err := u.said.Write(p)
	_, after, came := bytes.Cut(u.said.Bytes(), []byte(u.text))
	if came && !u.done && bytes.HasPrefix(after, []byte{byte(wire.Exit)}) {
		u.done = true
		go u.then()
	}
	return n, err
}
