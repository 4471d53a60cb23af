package sshconn

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"gitlab-fargate-runners/driver/internal/config"
)

// ErrStalled is the error of a connection that the driver closed because sshd did not answer keepalive requests.
var ErrStalled = errors.New("the connection to the task stalled: no keepalive reply")

// Client is a connection to a task. It closes itself when sshd does not answer keepalive requests.
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

// PinnedKey returns sshd's key as a line of authorized_keys.
func (c *Client) PinnedKey() string { return MarshalKey(c.hostKey) }

// Close ends the connection.
func (c *Client) Close() error {
	c.cancel(context.Canceled)
	err := c.client.Close()
	c.done.Wait()
	return err
}

// stalled returns ErrStalled where that is why the connection ended.
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
		// A request has no timeout of its own. To close the connection ends it.
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

// roundTrip returns when sshd has answered a request that has no effect.
func (c *Client) roundTrip() error {
	_, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil)
	return err
}
