// Package sshconn connects to a task by SSH and runs scripts in it.
package sshconn

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// GenerateKey returns a new ed25519 key pair: the private key in OpenSSH's PEM format, the public one as a line of
// authorized_keys.
func GenerateKey() (private, public string, err error) {
	publicKey, privateKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("generating the task's SSH key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(privateKey, "")
	if err != nil {
		return "", "", fmt.Errorf("encoding the task's SSH key: %w", err)
	}
	sshKey, err := ssh.NewPublicKey(publicKey)
	if err != nil {
		return "", "", fmt.Errorf("encoding the task's SSH key: %w", err)
	}
	return string(pem.EncodeToMemory(block)), MarshalKey(sshKey), nil
}

// MarshalKey returns a public key as a line of authorized_keys, without the newline.
func MarshalKey(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}
