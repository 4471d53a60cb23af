// Package gracefulexitcmd is a stub: this build runs no steps.
package gracefulexitcmd

import (
	"context"
	"os/exec"
	"time"
)

// New makes a command that the context's end kills.
func New(ctx context.Context, _ time.Duration, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...)
}
