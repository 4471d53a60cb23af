package sshconn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

func TestConnectWaitsForSSHD(t *testing.T) {
	// A port that nobody listens on, until the second failed attempt.
	reserved := sshtest.Start(t, "127.0.0.1:0", nil)
	s, address := settings(reserved), reserved.Address()
	reserved.Close()

	attempts := 0
	client, err := sshconn.Connect(t.Context(), s, newTarget(t), func(error, time.Duration) {
		if attempts++; attempts == 2 {
			sshtest.Start(t, address, nil)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if attempts < 2 {
		t.Errorf("%d failed attempts, want at least 2", attempts)
	}
}

func TestConnectGivesUp(t *testing.T) {
	closed := sshtest.Start(t, "127.0.0.1:0", nil)
	closed.Close()
	s := settings(closed)
	s.ConnectTimeout = config.Duration{Duration: 200 * time.Millisecond}
	_, err := sshconn.Connect(t.Context(), s, newTarget(t), quiet)
	var cause *failure.Failure
	if !errors.As(err, &cause) || !strings.Contains(err.Error(), "connection refused") || cause.Hint == "" {
		t.Errorf("got %v, want a failure that tells the refusal and a hint", err)
	}
}

func TestConnectToSilentPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	s := settings(sshtest.Start(t, "127.0.0.1:0", nil))
	s.Port = listener.Addr().(*net.TCPAddr).Port
	s.DialTimeout = config.Duration{Duration: 50 * time.Millisecond}
	s.ConnectTimeout = config.Duration{Duration: 200 * time.Millisecond}
	_, err = sshconn.Connect(t.Context(), s, newTarget(t), quiet)
	if err == nil || !strings.Contains(err.Error(), "could not be reached") {
		t.Errorf("got %v, want a handshake that times out", err)
	}
}

func TestConnectCancelled(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts, but says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	s := settings(sshtest.Start(t, "127.0.0.1:0", nil))
	s.Port = listener.Addr().(*net.TCPAddr).Port
	s.DialTimeout = config.Duration{Duration: time.Minute}
	cause := errors.New("job cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	_, err = sshconn.Connect(ctx, s, newTarget(t), quiet)
	if !errors.Is(err, cause) {
		t.Errorf("got %v, want the cause", err)
	}
}

func TestConnectRefusedKey(t *testing.T) {
	t.Run("for a moment", func(t *testing.T) {
		var asked atomic.Int32
		server := sshtest.Start(t, "127.0.0.1:0", func(string) bool { return asked.Add(1) > 2 })
		connect(t, settings(server))
	})
	t.Run("for some seconds", func(t *testing.T) {
		from := time.Now().Add(1800 * time.Millisecond)
		server := sshtest.Start(t, "127.0.0.1:0", func(string) bool { return time.Now().After(from) })
		connect(t, settings(server))
	})
	t.Run("for good", func(t *testing.T) {
		server := sshtest.Start(t, "127.0.0.1:0", func(string) bool { return false })
		s := settings(server)
		s.ConnectTimeout = config.Duration{Duration: 2 * time.Second}
		began := time.Now()
		_, err := sshconn.Connect(t.Context(), s, newTarget(t), quiet)
		if err == nil || !strings.Contains(err.Error(), "refused user root's ") {
			t.Errorf("got %v", err)
		}
		// All but the first two tries are at least two of the longest pauses apart.
		tries, most := int(server.Refused.Load()), 2+int(time.Since(began)/(2*s.MaxRetryInterval.Duration))
		if tries < 3 || tries > most {
			t.Errorf("%d tries, want 3 to %d", tries, most)
		}
	})
}

func TestHostKeyIsPinned(t *testing.T) {
	server := sshtest.Start(t, "127.0.0.1:0", nil)
	target := newTarget(t)
	first, err := sshconn.Connect(t.Context(), settings(server), target, quiet)
	if err != nil {
		t.Fatal(err)
	}
	target.HostKey = first.PinnedKey()
	_ = first.Close()

	again, err := sshconn.Connect(t.Context(), settings(server), target, quiet)
	if err != nil {
		t.Fatalf("the pinned key was refused: %v", err)
	}
	_ = again.Close()

	other := sshtest.Start(t, "127.0.0.1:0", nil)
	attempts := 0
	_, err = sshconn.Connect(t.Context(), settings(other), target, func(error, time.Duration) { attempts++ })
	if err == nil || !strings.Contains(err.Error(), "pinned at first contact") || attempts > 0 {
		t.Errorf("got %v after %d repeated attempts, want a refusal at once", err, attempts)
	}
	if other.Connections.Load() != 0 {
		t.Error("the driver logged in to a machine with another host key")
	}
}
