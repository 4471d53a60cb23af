package sshconn

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The first packets were swallowed, so that their connections hear nothing.
func TestConnectionsThatNobodyAnswersDelayNoOther(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _ = theirs.Close() }()
	var calls atomic.Int32
	conn, err := overlapping(t.Context(), time.Hour, func(ctx context.Context) (net.Conn, error) {
		if calls.Add(1) < 3 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return ours, nil
	})
	if err != nil || conn != ours {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// longest notes the longest piece that was written.
type longest struct{ all, piece int }

func (l *longest) Write(p []byte) (int, error) {
	l.all, l.piece = l.all+len(p), max(l.piece, len(p))
	return len(p), nil
}

// A job's sshd may send a line without an end in the place of the shell's first words.
func TestALineWithoutEndTakesNoMemory(t *testing.T) {
	const noise = 64 << 20
	endless := io.LimitReader(zeros{}, noise)
	var passed longest
	from := bufio.NewReader(io.MultiReader(endless, strings.NewReader("marker 1\n\nmarker 7\nout")))
	if group := awaitMarker(from, &passed, "marker"); group != 7 {
		t.Errorf("group %d", group)
	}
	// The first marker is within a line; the newline before the second is the wrapper's.
	if passed.all != noise+len("marker 1\n") || passed.piece > 64<<10 {
		t.Errorf("%d bytes passed on, up to %d at once", passed.all, passed.piece)
	}
	if rest, err := io.ReadAll(from); err != nil || string(rest) != "out" {
		t.Errorf("left is %q, %v", rest, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
