// Package sshconn connects to a task by SSH and runs scripts in it.
package sshconn

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// rsaBits is ssh-keygen's default, and more than any policy asks for that still allows RSA.
const rsaBits = 3072

// GenerateKey returns a new key pair of the type ed25519 or rsa: the private key in OpenSSH's PEM format, the public one
// as a line of authorized_keys. An RSA key takes some tenths of a second of processor time.
func GenerateKey(keyType string) (private, public string, err error) {
	var key crypto.Signer
	if keyType == "rsa" {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return "", "", fmt.Errorf("generating the task's SSH key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return "", "", fmt.Errorf("encoding the task's SSH key: %w", err)
	}
	sshKey, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return "", "", fmt.Errorf("encoding the task's SSH key: %w", err)
	}
	return string(pem.EncodeToMemory(block)), MarshalKey(sshKey), nil
}

// firstSignature is a process's first one, for which Go computes tables; they take 40 times as long as a signature.
var firstSignature sync.Once

// readyToSign makes that first signature while the caller waits for sshd, which takes longer to start a session.
func readyToSign(signer ssh.Signer) {
	if signer.PublicKey().Type() == ssh.KeyAlgoED25519 {
		go firstSignature.Do(func() { _, _ = signer.Sign(rand.Reader, nil) })
	}
}

// MarshalKey returns a public key as a line of authorized_keys, without the newline.
func MarshalKey(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}
