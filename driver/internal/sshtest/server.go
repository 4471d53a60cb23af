// Package sshtest is an SSH server in the test's own process. It runs commands on this machine as OpenSSH's sshd does:
// by a shell, each as a session leader. It reports the exit when the command ends, and closes the channel when the
// command's output is closed. It has no terminals, subsystems or forwarding.
package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
)

// Server is a running server.
type Server struct {
	// Env is the environment of commands.
	Env []string
	// Shell is the user's login shell, which runs the commands; /bin/sh by default.
	Shell string
	// Mute makes the server read no further from its connections; it then answers no keepalives either.
	Mute atomic.Bool

	// Connections counts handshakes that succeeded, Refused those whose key the server refused.
	Connections, Refused atomic.Int32

	t        testing.TB
	config   *ssh.ServerConfig
	listener net.Listener

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	done  sync.WaitGroup
	// commands counts the shells that have not ended.
	commands sync.WaitGroup
}

// user is the only account that has authorized keys.
const user = "root"

// Start listens on the address ("127.0.0.1:0" for any port) until the test ends. allow decides on a client's key, which
// it gets as a line of authorized_keys; nil accepts every key. Only root may log in, as in this project's image.
func Start(t testing.TB, address string, allow func(key string) bool) *Server {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, Shell: "/bin/sh", Env: []string{"PATH=/usr/bin:/bin", "HOME=/"}, conns: map[net.Conn]struct{}{}}
	s.config = &ssh.ServerConfig{
		PublicKeyCallback: func(client ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if client.User() == user && (allow == nil || allow(string(ssh.MarshalAuthorizedKey(key)))) {
				return &ssh.Permissions{}, nil
			}
			s.Refused.Add(1)
			return nil, errRefused
		},
	}
	s.config.AddHostKey(signer)
	s.listener, err = net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s.done.Go(s.accept)
	t.Cleanup(s.Close)
	return s
}

// Port is the server's TCP port.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Address is host:port.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port())) }

// Cut closes all connections, as a broken network does; commands go on.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// AwaitCommands waits until no command runs.
func (s *Server) AwaitCommands() { s.commands.Wait() }

// Close stops listening and cuts all connections.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.Cut()
	s.done.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.done.Go(func() { s.serve(conn) })
	}
}

func (s *Server) serve(raw net.Conn) {
	conn := &mutable{Conn: raw, mute: &s.Mute}
	s.mu.Lock()
	s.conns[raw] = struct{}{}
	s.mu.Unlock()
	defer func() {
		_ = raw.Close()
		s.mu.Lock()
		delete(s.conns, raw)
		s.mu.Unlock()
	}()
	sshConn, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	s.Connections.Add(1)
	go func() {
		for request := range requests {
			if request.WantReply {
				_ = request.Reply(false, nil) // as OpenSSH answers keepalives
			}
		}
	}()
	for newChannel := range channels {
		if newChannel.ChannelType() != "session" {
			_ = newChannel.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, requests, err := newChannel.Accept()
		if err == nil {
			go s.session(channel, requests)
		}
	}
	_ = sshConn.Wait()
}
