package attach_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/sshconn"
)

// budget is a stream whose connection breaks once it has carried so many bytes in a direction.
type budget struct {
	attach.Stream
	client      *sshconn.Client
	read, write *atomic.Int64
	// broke is set where the budget was not enough.
	broke *atomic.Bool
}

func (b *budget) Read(p []byte) (int, error) {
	left := b.read.Load()
	if left <= 0 {
		return 0, b.cut()
	}
	n, err := b.Stream.Read(p[:min(int64(len(p)), left)])
	b.read.Add(-int64(n))
	return n, err
}

func (b *budget) Write(p []byte) (int, error) {
	left := b.write.Load()
	if left < int64(len(p)) {
		n, _ := b.Stream.Write(p[:max(left, 0)])
		b.write.Store(0)
		return n, b.cut()
	}
	b.write.Add(-int64(len(p)))
	return b.Stream.Write(p)
}

func (b *budget) cut() error {
	b.broke.Store(true)
	_ = b.client.Close()
	return errors.New("cut by the test")
}

const unlimited = 1 << 40

// A cut after each byte that goes either way: in the script, before the start's answer, within output, between the
// stage's end and its report, after the report.
func TestCutAfterEachByte(t *testing.T) {
	for _, direction := range []string{"from the agent", "to the agent"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for size := int64(0); ; size++ {
				var broke atomic.Bool
				w.connections = 0
				w.wrap = func(number int, client *sshconn.Client, stream attach.Stream) attach.Stream {
					read, write := new(atomic.Int64), new(atomic.Int64)
					read.Store(unlimited)
					write.Store(unlimited)
					if number == 1 && direction == "to the agent" {
						write.Store(size)
					} else if number == 1 {
						read.Store(size)
					}
					return &budget{stream, client, read, write, &broke}
				}
				log, err := w.run(fmt.Sprintf("echo ran >>%s; echo one; echo two >&2; exit 3",
					w.file(fmt.Sprint(size))))
				var script *failure.Script
				if log != "one\ntwo\n" || !errors.As(err, &script) || script.Code != 3 {
					t.Errorf("cut after %d bytes: log %q, %v", size, log, err)
				}
				if ran := w.read(fmt.Sprint(size)); ran != "ran\n" {
					t.Errorf("cut after %d bytes: the script's effects are %q", size, ran)
				}
				if t.Failed() {
					return
				}
				if !broke.Load() {
					t.Logf("%d points", size)
					return
				}
			}
		})
	}
}

// cutting is a log that loses its connection each time it has taken so many bytes.
type cutting struct {
	bytes.Buffer
	every, cuts int
	cut         func()
}

func (c *cutting) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	if now := c.Len() / c.every; now > c.cuts {
		c.cuts = now
		c.cut()
	}
	return n, err
}

func TestManyCuts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var lost atomic.Int32
	log := cutting{every: 20_000, cut: w.sshd.Cut}
	stage := w.stage("echo x >>"+w.file("ran")+"; i=0; "+
		"while [ $i -lt 30 ]; do seq $((i*2000+1)) $((i*2000+2000)); sleep 0.05; i=$((i+1)); done; exit 9", &log)
	stage.Reconnecting = func(error, int64) { lost.Add(1) }
	err := stage.Run(t.Context())
	var script *failure.Script
	if !errors.As(err, &script) || script.Code != 9 {
		t.Errorf("got %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	for i, line := range lines {
		if line != fmt.Sprint(i+1) {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
	if len(lines) != 60000 || lost.Load() < 3 || w.read("ran") != "x\n" {
		t.Errorf("%d lines, %d cuts, ran %q", len(lines), lost.Load(), w.read("ran"))
	}
}

func TestStalledConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.KeepAliveInterval.Duration = 100 * time.Millisecond
	var log bytes.Buffer
	stage := w.stage("echo before; echo >"+w.file("ran")+"; sleep 2; echo after", &log)
	stage.Reconnecting = func(error, int64) { w.sshd.Mute.Store(false) }
	go func() {
		w.await("ran")
		w.sshd.Mute.Store(true)
	}()
	if err := stage.Run(t.Context()); err != nil || log.String() != "before\nafter\n" || w.connections < 2 {
		t.Errorf("%v, log %q, %d connections", err, log.String(), w.connections)
	}
}

func TestReconnectGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stage := w.stage("echo >"+w.file("ran")+"; sleep 20", &bytes.Buffer{})
	stage.ReconnectTimeout = 300 * time.Millisecond
	go func() {
		w.await("ran")
		w.sshd.Close()
	}()
	err := stage.Run(t.Context())
	var cause *failure.Failure
	if !errors.As(err, &cause) || !strings.Contains(err.Error(), "not restored within 300ms") {
		t.Errorf("got %v", err)
	}
}

func TestSilentStageMayBeLostLongAfterItsLastWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var log bytes.Buffer
	stage := w.stage("sleep 5.5; echo >"+w.file("ran")+"; until [ -e "+w.file("cut")+
		" ]; do sleep 0.02; done; echo end", &log)
	stage.ReconnectTimeout = 5 * time.Second
	go func() {
		w.await("ran")
		w.sshd.Cut()
		_ = os.WriteFile(w.file("cut"), nil, 0o600)
	}()
	if err := stage.Run(t.Context()); err != nil || log.String() != "end\n" || w.connections != 2 {
		t.Errorf("%v, log %q, %d connections", err, log.String(), w.connections)
	}
}
