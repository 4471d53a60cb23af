package sshconn_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

func settings(server *sshtest.Server) config.SSH {
	return config.SSH{
		Username:          "root",
		Port:              server.Port(),
		ConnectTimeout:    config.Duration{Duration: 10 * time.Second},
		DialTimeout:       config.Duration{Duration: 5 * time.Second},
		RetryInterval:     config.Duration{Duration: 10 * time.Millisecond},
		MaxRetryInterval:  config.Duration{Duration: 50 * time.Millisecond},
		KeepAliveInterval: config.Duration{Duration: 15 * time.Second},
		KeepAliveCountMax: 4,
		KillGracePeriod:   config.Duration{Duration: 5 * time.Second},
	}
}

func newTarget(t *testing.T) sshconn.Target {
	t.Helper()
	private, _, err := sshconn.GenerateKey("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	return sshconn.Target{Address: "127.0.0.1", PrivateKey: private}
}

func quiet(error, time.Duration) {}

func connect(t *testing.T, s config.SSH) *sshconn.Client {
	t.Helper()
	client, err := sshconn.Connect(t.Context(), s, newTarget(t), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// result is what a script did.
type result struct {
	stdout, stderr string
	err            error
}

func run(ctx context.Context, client *sshconn.Client, script string) result {
	var stdout, stderr bytes.Buffer
	err := client.Run(ctx, sshconn.Script{Source: strings.NewReader(script), Stdout: &stdout, Stderr: &stderr})
	return result{stdout.String(), stderr.String(), err}
}
