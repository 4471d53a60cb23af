// Command ci-agent runs the stages of a CI job in its task, so that a stage does not end with the SSH session that
// started it. The driver uploads it and calls it over SSH; package internal/agent/wire describes what they say.
//
//	ci-agent run --dir DIR --token TOKEN                  takes a script on stdin, starts it once, attaches to it
//	ci-agent attach --dir DIR --token TOKEN --offset N    goes on with its output from byte N
//	ci-agent version                                      the protocol's version
//
// DIR is the folder of the stages' sockets; only its owner may enter it. TOKEN names a stage; it consists of letters
// and digits.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"regexp"
	"syscall"

	"gitlab-fargate-runners/driver/internal/agent/relay"
	"gitlab-fargate-runners/driver/internal/agent/supervisor"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

func main() {
	if err := call(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "ci-agent: %v\n", err)
		os.Exit(1)
	}
}

var word = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

func call(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("a call is missing: run, attach or version")
	}
	name := args[0]
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	directory := flags.String("dir", "", "the `folder` of the stages' sockets")
	token := flags.String("token", "", "the stage's name")
	offset := flags.Int64("offset", 0, "the first byte of output to send")
	size := flags.Int64("size", 0, "the script's length in bytes")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if name == "version" {
		fmt.Printf("ci-agent/%d\n", wire.Version)
		return nil
	}
	if *directory == "" || !word.MatchString(*token) {
		return fmt.Errorf("%s needs --dir and --token", name)
	}
	session := relay.Session{Directory: *directory, Token: *token, Stdin: os.Stdin, Stdout: os.Stdout}
	switch name {
	case "run":
		return session.Run()
	case "attach":
		return session.Attach(*offset)
	case "supervise":
		const status, first = 3, 4
		syscall.CloseOnExec(status) // the stage must not hold it open
		file := os.NewFile(first, "session")
		conn, err := net.FileConn(file) // a copy, which the stage does not get
		_ = file.Close()
		if err != nil {
			return err
		}
		return supervisor.Main(*directory, *token, *size, os.Stdin, os.NewFile(status, "status"), conn)
	default:
		return fmt.Errorf("unknown call %q", name)
	}
}
