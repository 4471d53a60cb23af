package sshconn_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

func TestCancel(t *testing.T) {
	cause := errors.New("job cancelled")
	tests := map[string]struct {
		script string
		grace  time.Duration
		stdout string
	}{
		"TERM reaches the whole group": {
			script: "trap 'echo got TERM; exit 1' TERM\necho $$ >%s\nsleep 300 & wait", grace: 10 * time.Second,
			stdout: "got TERM\n",
		},
		"KILL ends what ignores TERM": {
			script: "trap '' TERM\necho $$ >%s\nsleep 300; sleep 300", grace: 100 * time.Millisecond,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings(sshtest.Start(t, "127.0.0.1:0", nil))
			s.KillGracePeriod = config.Duration{Duration: test.grace}
			client := connect(t, s)
			pidFile := filepath.Join(t.TempDir(), "pid")
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				for ctx.Err() == nil {
					if content, err := os.ReadFile(pidFile); err == nil && len(content) > 0 {
						cancel(cause)
					}
					time.Sleep(10 * time.Millisecond)
				}
			}()
			got := run(ctx, client, fmt.Sprintf(test.script, pidFile))
			if !errors.Is(got.err, cause) || got.stdout != test.stdout {
				t.Errorf("got %q, %v", got.stdout, got.err)
			}
			pid, err := os.ReadFile(pidFile)
			if err != nil {
				t.Fatal(err)
			}
			if left := sshtest.AwaitNone(t, strings.TrimSpace(string(pid))); len(left) > 0 {
				t.Errorf("processes of the script are left: %v", left)
			}
		})
	}
}

// A sshd that answers no request for a channel delays no cancellation.
func TestCancelWhileSshdSaysNothing(t *testing.T) {
	cause := errors.New("job cancelled")
	for name, call := range map[string]func(context.Context, *sshconn.Client) error{
		"a script": func(ctx context.Context, client *sshconn.Client) error { return run(ctx, client, "true").err },
		"a command": func(ctx context.Context, client *sshconn.Client) error {
			_, _, err := client.Output(ctx, "true", strings.NewReader(""))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := sshtest.Start(t, "127.0.0.1:0", nil)
			s := settings(server)
			s.KeepAliveInterval = config.Duration{Duration: time.Hour} // a stalled connection ends a call too
			client := connect(t, s)
			server.Mute.Store(true)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
			unheard := time.AfterFunc(20*time.Second, func() {
				t.Error("nobody has heard the cancellation")
				server.Cut()
			})
			defer unheard.Stop()
			if err := call(ctx, client); !errors.Is(err, cause) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestConnectionLost(t *testing.T) {
	t.Run("cut", func(t *testing.T) {
		server := sshtest.Start(t, "127.0.0.1:0", nil)
		client := connect(t, settings(server))
		time.AfterFunc(200*time.Millisecond, server.Cut)
		got := run(t.Context(), client, "sleep 5")
		if !errors.Is(got.err, sshconn.ErrLost) {
			t.Errorf("got %v", got.err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		server := sshtest.Start(t, "127.0.0.1:0", nil)
		s := settings(server)
		s.KeepAliveInterval = config.Duration{Duration: 50 * time.Millisecond}
		client := connect(t, s)
		time.AfterFunc(200*time.Millisecond, func() { server.Mute.Store(true) })
		got := run(t.Context(), client, "sleep 5")
		if !errors.Is(got.err, sshconn.ErrStalled) {
			t.Errorf("got %v", got.err)
		}
	})
}

// cutOff is a script whose transfer breaks in the middle.
type cutOff struct {
	content string
	then    func()
}

func (c *cutOff) Read(p []byte) (int, error) {
	if c.content == "" {
		c.then()
		return 0, errors.New("disk error")
	}
	n := copy(p, c.content)
	c.content = c.content[n:]
	return n, nil
}

func TestHalfAScriptDoesNotRun(t *testing.T) {
	breaks := map[string]func(*sshtest.Server){
		"the network broke":          (*sshtest.Server).Cut,
		"the file could not be read": func(*sshtest.Server) {},
	}
	for name, breakIt := range breaks {
		t.Run(name, func(t *testing.T) {
			server := sshtest.Start(t, "127.0.0.1:0", nil)
			proof := filepath.Join(t.TempDir(), "ran")
			err := connect(t, settings(server)).Run(t.Context(), sshconn.Script{
				Source: &cutOff{"touch " + proof + "\n", func() { breakIt(server) }},
				Stdout: &strings.Builder{}, Stderr: &strings.Builder{},
			})
			var script *failure.Script
			if err == nil || errors.As(err, &script) {
				t.Errorf("got %v, want a failure that is not the script's", err)
			}
			server.AwaitCommands()
			if _, err := os.Stat(proof); err == nil {
				t.Error("a script ran that had not arrived completely")
			}
		})
	}
}
