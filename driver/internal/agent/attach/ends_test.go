package attach_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

// lateWriter leaves a process in the background that writes once the script's shell has ended.
const lateWriter = "(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; echo late) & echo early"

func TestBackgroundProcess(t *testing.T) {
	t.Parallel()
	t.Run("that holds the output", func(t *testing.T) {
		w := newWorld(t)
		log, err := w.run("(for i in 1 2 3 4 5; do sleep 0.5; echo tick; done; echo >" + w.file("end") + ") & exit 3")
		var script *failure.Script
		if !errors.As(err, &script) || script.Code != 3 || strings.ReplaceAll(log, "tick\n", "") != "" {
			t.Errorf("log %q, %v", log, err)
		}
		w.await("end") // nobody has closed its output
	})
	t.Run("whose last words are kept", func(t *testing.T) {
		log, err := newWorld(t).run(lateWriter)
		if err != nil || log != "early\nlate\n" {
			t.Errorf("log %q, %v", log, err)
		}
	})
	t.Run("that is silent", func(t *testing.T) {
		w := newWorld(t)
		if _, err := w.run("sleep 600 & echo $! >" + w.file("pid")); err != nil {
			t.Error(err)
		}
		if pid := w.pid("pid"); syscall.Kill(pid, syscall.SIGKILL) != nil {
			t.Error("it did not outlive the script")
		}
	})
}

func TestCancel(t *testing.T) {
	cause := errors.New("job cancelled")
	tests := map[string]struct {
		script, log string
		grace       time.Duration
		cut         bool
	}{
		"TERM reaches the whole group": {script: "trap 'echo got TERM; exit 1' TERM\n%s\nsleep 300 & wait",
			log: "got TERM\n", grace: 10 * time.Second},
		"KILL ends what ignores TERM": {script: "trap '' TERM\n%s\nsleep 300; sleep 300",
			grace: 200 * time.Millisecond},
		"a child that ignores it": {script: "(trap '' TERM; sleep 300; sleep 300) &\n%s\nwait",
			grace: 3 * time.Second},
		"while the connection is lost": {script: "trap 'echo got TERM; exit 1' TERM\n%s\nsleep 300 & wait",
			log: "got TERM\n", grace: 10 * time.Second, cut: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var log bytes.Buffer
			stage := w.stage(fmt.Sprintf(test.script, "echo $$ >"+w.file("pid")), &log)
			stage.Grace = test.grace
			ctx, cancel := context.WithCancelCause(t.Context())
			stage.Reconnecting = func(error, int64) { cancel(cause) }
			go func() {
				w.await("pid")
				if test.cut {
					w.sshd.Cut()
				} else {
					cancel(cause)
				}
			}()
			err := stage.Run(ctx)
			if !errors.Is(err, cause) || log.String() != test.log {
				t.Errorf("log %q, %v", log.String(), err)
			}
			if left := sshtest.AwaitNone(t, w.await("pid")); len(left) > 0 {
				t.Errorf("processes of the script are left: %v", left)
			}
		})
	}
}

// Processes that have left the stage's process group, one of them an orphan that ignores SIGTERM.
func TestCancelReachesOtherSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	script := "setsid sh -c 'trap \"echo bye; exit\" TERM; echo $$ >%s; sleep 300 & wait' &\n" +
		"(setsid sh -c 'trap \"\" TERM; echo $$ >%s; sleep 300; sleep 300' >/dev/null 2>&1 &)\n" +
		"sleep 300 & wait"
	var log bytes.Buffer
	stage := w.stage(fmt.Sprintf(script, w.file("child"), w.file("orphan")), &log)
	stage.Grace = 3 * time.Second
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("job cancelled")
	go func() {
		w.await("child")
		w.await("orphan")
		cancel(cause)
	}()
	if err := stage.Run(ctx); !errors.Is(err, cause) || log.String() != "bye\n" {
		t.Errorf("log %q, %v", log.String(), err)
	}
	for _, group := range []string{w.await("child"), w.await("orphan")} {
		if left := sshtest.AwaitNone(t, group); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// A process that its parent has left is reaped while the stage runs.
func TestOrphansLeaveNoZombies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	log, err := w.run("(sh -c 'echo $$ >" + w.file("orphan") + "' &)\n" +
		"until [ -s " + w.file("orphan") + " ]; do sleep 0.02; done\n" +
		"i=0; while [ -e /proc/$(cat " + w.file("orphan") + ") ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i+1)); done\n" +
		"[ -e /proc/$(cat " + w.file("orphan") + ") ] || echo reaped")
	if err != nil || log != "reaped\n" {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestCancelledBeforeTheScriptIsSent(t *testing.T) {
	w := newWorld(t)
	cause := errors.New("job cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	stage := w.stage("", &bytes.Buffer{})
	stage.Script = readerAt(func(p []byte, offset int64) (int, error) {
		if offset > 0 {
			cancel(cause)
			<-ctx.Done()
		}
		return copy(p, "echo ran >"+w.file("ran")+"\n"), nil
	})
	if err := stage.Run(ctx); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	w.sshd.AwaitCommands()
	if w.read("ran") != "" {
		t.Error("half a script ran")
	}
}

func TestScriptThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	stage := w.stage("", &bytes.Buffer{})
	stage.Script = readerAt(func(p []byte, offset int64) (int, error) {
		if offset > 0 {
			return 0, errors.New("disk error")
		}
		return copy(p, "echo ran >"+w.file("ran")+"\n"), nil
	})
	if err := stage.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "disk error") {
		t.Errorf("got %v", err)
	}
	w.sshd.AwaitCommands()
	if w.read("ran") != "" || w.connections != 1 {
		t.Error("half a script ran, or it was tried again")
	}
}

type readerAt func(p []byte, offset int64) (int, error)

func (r readerAt) ReadAt(p []byte, offset int64) (int, error) { return r(p, offset) }
