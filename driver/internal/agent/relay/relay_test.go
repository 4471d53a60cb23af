package relay_test

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/relay"
	"gitlab-fargate-runners/driver/internal/agent/resident"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// relayed returns what a session whose output is a pipe gets from an agent that serves its one connection so.
func relayed(t *testing.T, serve func(conn *net.UnixConn)) string {
	t.Helper()
	directory := t.TempDir()
	listener, err := resident.Listen(directory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.AcceptUnix()
		if err != nil {
			t.Error(err)
			return
		}
		serve(conn)
		_ = conn.Close()
	}()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	go func() {
		if err := (relay.Session{Agent: wire.Agent{Directory: directory}, Token: "abc", Stdin: input{}, Stdout: in}).Attach(7); err != nil {
			t.Error(err)
		}
		_ = in.Close()
	}()
	got, err := io.ReadAll(out)
	if err != nil {
		t.Error(err)
	}
	return string(got)
}

// input stays open and brings nothing.
type input struct{}

func (input) Read([]byte) (int, error) { select {} }

// An agent of before reads the first frame without what is handed over with it, and answers on the connection.
func TestAnswersOnTheConnectionArePassedOn(t *testing.T) {
	got := relayed(t, func(conn *net.UnixConn) {
		kind, payload, err := wire.NewReader(conn).Next()
		if kind != wire.Attach || string(payload) != string(wire.Number(7))+"abc" {
			t.Errorf("%q %q, %v", kind, payload, err)
		}
		_, _ = io.WriteString(conn, "answer")
	})
	if got != wire.Preamble("abc")+"answer" {
		t.Errorf("%q", got)
	}
}

func TestThePipeIsHandedOver(t *testing.T) {
	got := relayed(t, func(conn *net.UnixConn) {
		control := make([]byte, 64)
		_, size, _, _, err := conn.ReadMsgUnix(make([]byte, 64), control)
		messages, parseErr := syscall.ParseSocketControlMessage(control[:size])
		if err != nil || parseErr != nil || len(messages) != 1 {
			t.Errorf("%d messages, %v, %v", len(messages), err, parseErr)
			return
		}
		rights, err := syscall.ParseUnixRights(&messages[0])
		if err != nil || len(rights) != 1 {
			t.Errorf("%v, %v", rights, err)
			return
		}
		_, _ = syscall.Write(rights[0], []byte("written"))
		_ = syscall.Close(rights[0])
	})
	if got != wire.Preamble("abc")+"written" {
		t.Errorf("%q", got)
	}
}
