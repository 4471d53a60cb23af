// Package api is a stub: the wrapper command is not part of this build.
package api

import (
	"context"
	"errors"

	"github.com/sirupsen/logrus"
)

// ErrProcessNotInitialized says that there is no wrapped process.
var ErrProcessNotInitialized = errors.New("process not initialized")

// Status is a wrapped process's state.
type Status int

// The states.
const (
	StatusUnknown Status = iota
	StatusRunning
	StatusInShutdown
	StatusStopped
)

func (Status) String() string { return "unknown" }

// ShutdownCallback is called when the wrapped process has ended.
type ShutdownCallback interface{ Run(context.Context) }

// ShutdownCallbackDef describes a callback.
type ShutdownCallbackDef interface {
	URL() string
	Method() string
}

// InitGracefulShutdownRequest asks for a graceful shutdown.
type InitGracefulShutdownRequest interface{ ShutdownCallbackDef() ShutdownCallbackDef }

// NewShutdownCallback makes no callback.
func NewShutdownCallback(logrus.FieldLogger, ShutdownCallbackDef) ShutdownCallback { return nil }
