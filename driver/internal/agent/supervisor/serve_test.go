package supervisor_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/supervisor"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// The driver has the result, and its word that it has was lost.
func TestResultThatNobodyAsksForIsForgotten(t *testing.T) {
	directory, err := os.MkdirTemp("", "s") // t.TempDir's name may be too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(directory) }()
	attached := filepath.Join(directory, "attached")
	script := "until [ -e " + attached + " ]; do sleep 0.01; done; echo hello"
	stage, err := supervisor.Start([]byte(script), "marker", supervisor.SpoolLimit)
	if err != nil {
		t.Fatal(err)
	}
	address := filepath.Join(directory, "s")
	listener, err := net.Listen("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	const keep = 300 * time.Millisecond
	served := make(chan struct{})
	go func() {
		defer close(served)
		supervisor.Serve(listener, nil, stage, keep)
	}()
	conn, err := net.Dial("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = wire.NewWriter(conn).Send(wire.Attach, wire.Number(0))
	from := wire.NewReader(conn)
	for kind := wire.Type(0); kind != wire.Exit; {
		if kind, _, err = from.Next(); err != nil {
			t.Fatal(err)
		}
		if kind == wire.Started {
			if err := os.WriteFile(attached, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = conn.Close()
	<-served
}
