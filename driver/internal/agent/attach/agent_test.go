package attach_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/attach"
	"gitlab-fargate-runners/driver/internal/procfs"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/sshtest"
)

// kill -TERM -1 and its like end whatever they find; the stage's end has to be told all the same.
func TestAScriptThatSignalsTheAgent(t *testing.T) {
	w := newWorld(t)
	for _, signal := range []string{"TERM", "INT", "HUP"} {
		// The shell's parent is the agent.
		log, err := w.run("kill -" + signal + " $PPID; sleep 0.2; echo survived; exit 7")
		if err == nil || !strings.Contains(err.Error(), "exit code 7") || log != "survived\n" {
			t.Errorf("SIG%s: %v, log %q", signal, err, log)
		}
	}
	// Its processes take the signals as they always did.
	if log, err := w.run("sh -c 'kill -TERM $$'; echo $?"); err != nil || log != "Terminated\n143\n" && log != "143\n" {
		t.Errorf("%v, log %q", err, log)
	}
}

// The stage whose agent is killed is lost, and says so; the next one has an agent again.
func TestAgentKilled(t *testing.T) {
	w := newWorld(t)
	_, err := w.run("kill -KILL $PPID; sleep 20")
	if err == nil || !strings.Contains(err.Error(), "ci-agent in the task: it was killed, by the job itself or for lack "+
		"of memory") {
		t.Errorf("got %v", err)
	}
	if log, err := w.run("echo next"); err != nil || log != "next\n" {
		t.Errorf("%v, log %q", err, log)
	}
}

// All stages run under one agent, whoever starts it.
func TestOneAgentPerTask(t *testing.T) {
	w := newWorld(t)
	var starts sync.WaitGroup
	for range 8 {
		starts.Go(func() {
			output, err := exec.Command(program, "start", "--dir", w.sockets).CombinedOutput()
			if err != nil || !strings.HasPrefix(string(output), "ci-agent/") {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
	starts.Wait()
	var parents bytes.Buffer
	for range 3 {
		if err := w.stage("echo $PPID", &parents).Run(t.Context()); err != nil {
			t.Error(err)
		}
	}
	agents := w.agents()
	if len(agents) != 1 || parents.String() != strings.Repeat(fmt.Sprintln(agents[0]), 3) {
		t.Errorf("agents %v, the stages' are %q", agents, parents.String())
	}
	if output, err := exec.Command(program, "serve", "--dir", w.sockets).CombinedOutput(); err == nil ||
		!strings.Contains(string(output), "address already in use") {
		t.Errorf("%v: %s", err, output)
	}
}

// agents are the processes that serve the world's folder.
func (w *world) agents() (pids []int) {
	w.t.Helper()
	all, err := procfs.All(procfs.Root)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, one := range all {
		arguments, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", one.PID))
		if strings.Contains(string(arguments), "\x00serve\x00--dir\x00"+w.sockets+"\x00") {
			pids = append(pids, one.PID)
		}
	}
	return pids
}

// A cancel ends what the stage has left, wherever that has gone, and nothing that an earlier stage has left.
func TestStagesLeaveEachOthersProcessesAlone(t *testing.T) {
	w := newWorld(t)
	// In the group, in a session of its own, in one and an orphan, in one with an environment of its own.
	leave := func(stage string) string {
		return "(echo $BASHPID >" + w.file(stage+"-child") + "; exec sleep 300) &\n" +
			"setsid sh -c 'echo $$ >" + w.file(stage+"-session") + "; exec sleep 300' &\n" +
			"(setsid sh -c 'echo $$ >" + w.file(stage+"-orphan") + "; exec sleep 300' &)\n" +
			"(env -i PATH=$PATH setsid sh -c 'echo $$ >" + w.file(stage+"-bare") + "; exec sleep 300' &)\n"
	}
	kinds := []string{"child", "session", "orphan", "bare"}
	awaitAll := func(stage string) {
		for _, kind := range kinds {
			w.await(stage + "-" + kind)
		}
	}
	if _, err := w.run(leave("first")); err != nil {
		t.Fatal(err)
	}
	awaitAll("first")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("job cancelled")
	go func() {
		awaitAll("second")
		cancel(cause)
	}()
	if err := w.stage(leave("second")+"sleep 300", io.Discard).Run(ctx); !errors.Is(err, cause) {
		t.Error(err)
	}
	for _, kind := range kinds {
		if left := sshtest.AwaitNone(t, w.await("second-"+kind)); kind != "child" && len(left) > 0 {
			t.Errorf("left of the second stage: %v", left)
		}
		pid := w.pid("first-" + kind)
		if stat, err := procfs.Read(procfs.Root, pid); err != nil || stat.Ended() {
			t.Errorf("the first stage's %s has ended: %v", kind, err)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if stat, err := procfs.Read(procfs.Root, w.pid("second-child")); err == nil && !stat.Ended() {
		t.Errorf("left of the second stage: %v", stat)
	}
}

// own gives the stage a program that it can remove.
func (w *world) own(stage *attach.Execution) (path string) {
	w.t.Helper()
	path = filepath.Join(w.dir, "ci-agent")
	if err := os.Link(program, path); err != nil {
		w.t.Fatal(err)
	}
	stage.Program = path
	return path
}

// The connection is lost before the driver knows that the script runs, and the script has removed the agent's program:
// it goes on under the agent that serves, and does not run a second time.
func TestAScriptThatRemovesTheProgram(t *testing.T) {
	for _, ending := range []struct{ name, do, want, log string }{
		{"alone", "", "", "out\n"},
		{"and kills the agent", "kill -KILL $PPID; ", "ci-agent in the task: it was killed", ""},
	} {
		t.Run(ending.name, func(t *testing.T) {
			w := newWorld(t)
			w.wrap = func(connection int, client *sshconn.Client, stream attach.Stream) attach.Stream {
				if connection > 1 {
					return stream
				}
				return &cutBeforeStart{Stream: stream, client: client, ran: func() { w.await("ran") }}
			}
			var log bytes.Buffer
			stage := w.stage("", &log)
			stage.Script = strings.NewReader("rm " + w.own(stage) + "; " + ending.do + "echo x >>" + w.file("ran") +
				"; echo out")
			err := stage.Run(t.Context())
			if (err != nil) != (ending.want != "") || err != nil && !strings.Contains(err.Error(), ending.want) {
				t.Errorf("got %v", err)
			}
			if ran := w.read("ran"); ran != "x\n" || log.String() != ending.log || w.connections != 3 {
				t.Errorf("the script's effects: %q, log %q, %d connections", ran, log.String(), w.connections)
			}
		})
	}
}

// Where the program cannot come back, a stage that has not begun may run without it, and one that may have begun is
// lost.
func TestNoAgent(t *testing.T) {
	w := newWorld(t)
	never := func(context.Context) (string, error) { return "", attach.ErrNoAgent }
	stage := w.stage("echo hello", io.Discard)
	stage.Program, stage.Restore = filepath.Join(w.dir, "it's not there"), never
	if err := stage.Run(t.Context()); !errors.Is(err, attach.ErrNoAgent) || w.connections != 1 {
		t.Errorf("got %v after %d connections", err, w.connections)
	}
	w.connections = 0
	w.wrap = func(connection int, client *sshconn.Client, stream attach.Stream) attach.Stream {
		if connection > 1 {
			return stream
		}
		return &cutBeforeStart{Stream: stream, client: client, ran: func() { w.await("ran") }}
	}
	stage = w.stage("", io.Discard)
	stage.Script, stage.Restore = strings.NewReader("rm "+w.own(stage)+"; echo x >>"+w.file("ran")), never
	err := stage.Run(t.Context())
	if err == nil || errors.Is(err, attach.ErrNoAgent) || !strings.Contains(err.Error(), "exit code 127") {
		t.Errorf("got %v", err)
	}
	if ran := w.read("ran"); ran != "x\n" || w.connections != 2 {
		t.Errorf("the script's effects: %q, %d connections", ran, w.connections)
	}
}

// cutBeforeStart cuts its connection when the script has run, before the driver has heard anything of it.
type cutBeforeStart struct {
	attach.Stream
	client *sshconn.Client
	ran    func()
}

func (c *cutBeforeStart) Read([]byte) (int, error) {
	c.ran()
	_ = c.client.Close()
	return 0, io.ErrUnexpectedEOF
}
