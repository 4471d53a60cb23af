package sshconn

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/crypto/ssh"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/sleep"
)

// Target is one task's sshd.
type Target struct {
	// Address is an IP address.
	Address string
	// Port and Username are the settings' where they are empty.
	Port     int
	Username string
	// PrivateKey is in OpenSSH's PEM format.
	PrivateKey string
	// HostKey is a line of authorized_keys. It is empty at first contact: then the driver accepts any key and pins it.
	HostKey string
}

// Attempt is called after each failed attempt that Connect will repeat.
type Attempt func(err error, since time.Duration)

// refusedKeyPatience bounds how long Connect tries a key that sshd refuses: an image may start sshd some seconds before
// it has written the key, and the driver comes in sshd's first moments.
const refusedKeyPatience = 30 * time.Second

// refusedKeyPauses is how many of the longest pauses Connect lets pass between two such tries but the first. An OpenSSH
// of 9.8 or later adds 5 s of penalty for each refused login, and shuts the host out at 15 s: sshd_config(5),
// PerSourcePenalties.
const refusedKeyPauses = 2

// Connect connects to the target. It repeats failed attempts with growing pauses until SSH.ConnectTimeout is over. It
// gives up at once on an error that does not heal: a changed host key, or a key that sshd has refused for a while.
func Connect(ctx context.Context, settings config.SSH, target Target, retrying Attempt) (*Client, error) {
	started := time.Now()
	settings.Port = cmp.Or(target.Port, settings.Port)
	settings.Username = cmp.Or(target.Username, settings.Username)
	clientConfig, err := newClientConfig(settings, target)
	if err != nil {
		return nil, err
	}
	var refusedSince time.Time
	client, err := backoff.Retry(ctx, func() (*Client, error) {
		client, err := connectOnce(ctx, settings, target, clientConfig)
		var mismatch *hostKeyMismatch
		switch {
		case errors.As(err, &mismatch):
			return nil, backoff.Permanent(err)
		case isRefusedKey(err):
			if refusedSince.IsZero() {
				refusedSince = time.Now()
				return nil, err
			}
			if time.Since(refusedSince) > min(refusedKeyPatience, settings.ConnectTimeout.Duration/4) {
				return nil, backoff.Permanent(err)
			}
			_ = sleep.For(ctx, refusedKeyPauses*settings.MaxRetryInterval.Duration)
		}
		return client, err
	},
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: settings.RetryInterval.Duration, MaxInterval: settings.MaxRetryInterval.Duration,
			Multiplier: 1.6, RandomizationFactor: 0.2,
		}),
		backoff.WithMaxElapsedTime(settings.ConnectTimeout.Duration),
		backoff.WithNotify(func(err error, _ time.Duration) { retrying(err, time.Since(started)) }),
	)
	if err == nil {
		return client, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return nil, explainConnect(err, settings, target, time.Since(started))
}

func newClientConfig(settings config.SSH, target Target) (*ssh.ClientConfig, error) {
	signer, err := ssh.ParsePrivateKey([]byte(target.PrivateKey))
	if err != nil {
		return nil, fmt.Errorf("reading the task's SSH key from its state: %w", err)
	}
	readyToSign(signer)
	clientConfig := &ssh.ClientConfig{
		User: settings.Username,
		Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		// At first contact nobody can know the key of a task that did not exist a minute ago.
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	}
	if target.HostKey != "" {
		pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(target.HostKey))
		if err != nil {
			return nil, fmt.Errorf("reading the task's host key from its state: %w", err)
		}
		clientConfig.HostKeyCallback = fixed(pinned)
		clientConfig.HostKeyAlgorithms = algorithmsFor(pinned)
	}
	return clientConfig, nil
}

// connectOnce makes one attempt. The handshake takes no context, so connectOnce closes the connection when ctx ends.
func connectOnce(
	ctx context.Context, settings config.SSH, target Target, clientConfig *ssh.ClientConfig,
) (*Client, error) {
	address := net.JoinHostPort(target.Address, strconv.Itoa(settings.Port))
	conn, err := overlapping(ctx, settings.DialTimeout.Duration, func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	})
	if err != nil {
		return nil, err
	}
	unwatch := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer unwatch()

	var hostKey ssh.PublicKey
	own := *clientConfig
	own.HostKeyCallback = func(name string, remote net.Addr, key ssh.PublicKey) error {
		hostKey = key
		return clientConfig.HostKeyCallback(name, remote, key)
	}
	_ = conn.SetDeadline(time.Now().Add(settings.DialTimeout.Duration))
	sshConn, channels, requests, err := ssh.NewClientConn(withQuickACK(conn), address, &own)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return newClient(ssh.NewClient(sshConn, channels, requests), hostKey, settings), nil
}

// dialEvery is the time between the starts of two TCP connections to a task that says nothing.
const dialEvery = 250 * time.Millisecond

// overlapping returns the first result of dial, which it calls again now and then as long as there is none: the address
// of a task whose network is not up swallows packets, and the kernel repeats one only after one second, three and
// seven.
func overlapping(
	ctx context.Context, timeout time.Duration, dial func(context.Context) (net.Conn, error),
) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	for {
		go func() {
			conn, err := dial(ctx)
			select {
			case results <- result{conn, err}:
			case <-ctx.Done():
				if conn != nil {
					_ = conn.Close()
				}
			}
		}()
		select {
		case first := <-results:
			return first.conn, first.err
		case <-time.After(dialEvery):
		case <-ctx.Done():
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
		}
	}
}

// ErrHostKey is in the error where another machine answers than the one whose key the driver pinned.
var ErrHostKey = errors.New("the task's host key has changed")

type hostKeyMismatch struct{ want, got string }

func (e *hostKeyMismatch) Error() string {
	return fmt.Sprintf("the task's host key is %s, pinned at first contact was %s", e.got, e.want)
}

func (e *hostKeyMismatch) Is(target error) bool { return target == ErrHostKey }

func fixed(pinned ssh.PublicKey) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if bytes.Equal(key.Marshal(), pinned.Marshal()) {
			return nil
		}
		return &hostKeyMismatch{want: ssh.FingerprintSHA256(pinned), got: ssh.FingerprintSHA256(key)}
	}
}

// algorithmsFor makes the server offer the pinned key, even if it has other keys too.
func algorithmsFor(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

func isRefusedKey(err error) bool {
	return err != nil && strings.Contains(err.Error(), "unable to authenticate")
}

func explainConnect(err error, settings config.SSH, target Target, since time.Duration) error {
	where := net.JoinHostPort(target.Address, strconv.Itoa(settings.Port))
	var mismatch *hostKeyMismatch
	var timeout net.Error
	switch {
	case errors.As(err, &mismatch):
		return failure.Wrap(err, "Another machine answers at the task's address; the job must not run there.",
			"refusing to connect to %s", where)
	case isRefusedKey(err):
		return failure.New("The image must put SSH_PUBLIC_KEY into that user's authorized_keys, and the account must "+
			"not be locked (root's is on Alpine); a sshd that takes RSA keys only needs SSH.KeyType = \"rsa\" in "+
			"fargate.toml.",
			"sshd of the task at %s refused user %s's %s key", where, settings.Username, settings.KeyType)
	case errors.As(err, &timeout) && timeout.Timeout(),
		errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return failure.Wrap(err,
			"Nothing answers: check that a security group of the task lets the runner's host in on this port, and "+
				"that the subnets reach each other.",
			"the task at %s could not be reached within %s", where, since.Round(time.Second))
	default:
		return failure.Wrap(err, "The task runs, but its sshd does not answer: look at the container's log.",
			"connecting to the task at %s failed for %s", where, since.Round(time.Second))
	}
}
