package sshconn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

// heard is a log that tells of its first words.
type heard struct {
	strings.Builder
	first func()
}

func (h *heard) Write(p []byte) (int, error) {
	if h.Len() == 0 && len(p) > 0 {
		defer h.first()
	}
	return h.Builder.Write(p)
}

// A sshd that falls silent while a script runs takes no signal for it either, and delays its cancellation by no more
// than the driver waits for any answer.
func TestCancelOfAScriptWhoseSshdFallsSilent(t *testing.T) {
	server := sshtest.Start(t, "127.0.0.1:0", nil)
	s := settings(server)
	s.KeepAliveInterval = config.Duration{Duration: time.Hour} // a stalled connection ends the script too
	s.DialTimeout = config.Duration{Duration: 200 * time.Millisecond}
	client := connect(t, s)
	cause := errors.New("job cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	log := &heard{first: func() {
		server.Mute.Store(true)
		cancel(cause)
	}}
	unheard := time.AfterFunc(20*time.Second, func() {
		t.Error("nobody has heard the cancellation")
		server.Cut()
	})
	defer unheard.Stop()
	script := sshconn.Script{Source: strings.NewReader("echo $$; exec sleep 300"), Stdout: log, Stderr: log}
	if err := client.Run(ctx, script); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	group := strings.TrimSpace(log.String())
	server.Mute.Store(false)
	again := connect(t, settings(server))
	if got := run(t.Context(), again, "kill -KILL -"+group); got.err != nil {
		t.Errorf("the script had ended: %v", got.err)
	}
}
