package sshtest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
)

var errRefused = errors.New("this key is not allowed")

func (s *Server) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for request := range requests {
		if request.Type != "exec" {
			_ = request.Reply(false, nil)
			continue
		}
		var exec struct{ Command string }
		_ = ssh.Unmarshal(request.Payload, &exec)
		s.commands.Add(1) // before the client can know of it
		_ = request.Reply(true, nil)
		go func() {
			defer s.commands.Done()
			s.run(channel, exec.Command)
		}()
	}
}

func (s *Server) run(channel ssh.Channel, commandLine string) {
	defer func() { _ = channel.Close() }()
	command := exec.Command(s.Shell, "-c", commandLine)
	command.Env = s.Env
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// The server needs pipes of its own, so that Wait returns when the command ends and not when its output does.
	var ours, theirs []*os.File
	pipe := func(reverse bool) (our, their *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			s.t.Error(err)
		}
		our, their = r, w
		if reverse {
			our, their = w, r
		}
		ours, theirs = append(ours, our), append(theirs, their)
		return our, their
	}
	stdin, in := pipe(true)
	stdout, out := pipe(false)
	stderr, err := pipe(false)
	command.Stdin, command.Stdout, command.Stderr = in, out, err
	startErr := command.Start()
	for _, file := range theirs {
		_ = file.Close()
	}
	if startErr != nil {
		s.t.Error(startErr)
		return
	}
	go func() {
		_, _ = io.Copy(stdin, channel)
		_ = stdin.Close()
	}()
	var output sync.WaitGroup
	output.Go(func() { _, _ = io.Copy(channel, stdout) })
	output.Go(func() { _, _ = io.Copy(channel.Stderr(), stderr) })
	_ = command.Wait()
	report(channel, command.ProcessState)
	output.Wait()
	for _, file := range ours[1:] {
		_ = file.Close()
	}
}

func report(channel ssh.Channel, state *os.ProcessState) {
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		names := map[syscall.Signal]string{syscall.SIGTERM: "TERM", syscall.SIGKILL: "KILL", syscall.SIGINT: "INT"}
		_, _ = channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal            string
			CoreDumped        bool
			Message, Language string
		}{Signal: names[status.Signal()]}))
		return
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status.ExitStatus())}))
}

// KillAll kills each process that has text in its arguments, and no other: what a test has left behind.
func KillAll(t testing.TB, text string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(text) < 8 {
		t.Errorf("looking for processes with %q: %v", text, err)
		return
	}
	for _, file := range files {
		arguments, _ := os.ReadFile(file)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if bytes.Contains(arguments, []byte(text)) && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// mutable is a connection that can discard its input, so that to the other side the network has gone silent.
type mutable struct {
	net.Conn
	mute *atomic.Bool
}

func (c *mutable) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.mute.Load() {
			return n, err
		}
	}
}
