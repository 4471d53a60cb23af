package attach_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/sshconn"
)

// What a stage costs from the connection's start to its result: in a plain session and under ci-agent.
func BenchmarkStage(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		w := newWorld(b)
		for b.Loop() {
			client, err := sshconn.Connect(b.Context(), w.settings, w.target, func(error, time.Duration) {})
			if err != nil {
				b.Fatal(err)
			}
			err = client.Run(b.Context(), sshconn.Script{Source: strings.NewReader("echo"), Stdout: io.Discard,
				Stderr: io.Discard})
			if err != nil {
				b.Fatal(err)
			}
			_ = client.Close()
		}
	})
	b.Run("agent", func(b *testing.B) {
		w := newWorld(b)
		for b.Loop() {
			if err := w.stage("echo", io.Discard).Run(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
