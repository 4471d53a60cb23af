package sshconn

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"gitlab-fargate-runners/driver/internal/config"
)

// ErrStalled is why a connection was closed whose keepalive requests had no reply.
var ErrStalled = errors.New("the connection to the task stalled: no keepalive reply")

// Client is a connection to a task. It closes itself when keepalive requests stay without a reply.
type Client struct {
	client   *ssh.Client
	hostKey  ssh.PublicKey
	settings config.SSH

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   sync.WaitGroup
}

func newClient(client *ssh.Client, hostKey ssh.PublicKey, settings config.SSH) *Client {
	c := &Client{hostKey: hostKey, client: client, settings: settings}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.done.Go(c.keepAlive)
	return c
}

// PinnedKey returns the key that sshd showed, as a line of authorized_keys.
func (c *Client) PinnedKey() string { return MarshalKey(c.hostKey) }

// Close ends the connection.
func (c *Client) Close() error {
	c.cancel(context.Canceled)
	err := c.client.Close()
	c.done.Wait()
	return err
}

// stalled returns ErrStalled if that is why the connection is gone.
func (c *Client) stalled() error {
	if err := context.Cause(c.ctx); errors.Is(err, ErrStalled) {
		return err
	}
	return nil
}

func (c *Client) keepAlive() {
	interval := c.settings.KeepAliveInterval.Duration
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-ticker.C:
		}
		// A request has no timeout of its own: closing the connection ends it.
		watch := time.AfterFunc(interval*time.Duration(c.settings.KeepAliveCountMax), func() {
			c.cancel(ErrStalled)
			_ = c.client.Close()
		})
		err := c.roundTrip()
		watch.Stop()
		if err != nil {
			return
		}
	}
}

// roundTrip returns when sshd has answered a request that asks for nothing.
func (c *Client) roundTrip() error {
	_, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil)
	return err
}
