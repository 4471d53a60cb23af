// Command ci-agent runs the stages of a CI job in its task, so that a stage does not end with the SSH session that
// started it. The driver uploads it and calls it over SSH; package internal/agent/wire describes what they say.
//
//	ci-agent serve --dir DIR                            runs DIR's stages, also as a container's first process
//	ci-agent start --dir DIR                            has them run in the background, once; says version
//	ci-agent run --dir DIR --token TOKEN [--again]      takes a script on stdin, has it started once, attaches to it
//	ci-agent attach --dir DIR --token TOKEN --offset N  goes on with its output from byte N
//	ci-agent version                                    the protocol's version
//
// In the container of a job's own image the agent serves at a path, and is reached from the container beside it:
//
//	ci-agent serve --socket PATH                        as the container's first process, until ECS stops it
//	ci-agent await --socket PATH --limit TIME           until it serves there; says version and the agent's user
//	ci-agent run|attach --socket PATH --user USER       in the place of --dir
//
// For a job with services:
//
//	ci-agent names [--hosts FILE] NAME…                 lets this container find them at localhost; says version
//	ci-agent enter --socket PATH --names FILE --as USER -- COMMAND…
//	                                                    does the like, becomes the user where it is root, and the command
//	ci-agent reach --limit TIME PORT[,PORT…]…           until each has taken a connection; says version and which did
//
// DIR names the agent: there is one for each DIR, which need not exist. TOKEN names a stage; it consists of letters,
// digits and hyphens. The driver says --again where it has sent the script before.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/hosts"
	"gitlab-fargate-runners/driver/internal/agent/relay"
	"gitlab-fargate-runners/driver/internal/agent/resident"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

func main() {
	if err := call(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "ci-agent: %v\n", err)
		os.Exit(1)
	}
}

// isWord tells whether text can be a token. A regular expression would take a tenth of the time in which ci-agent
// starts, and each stage starts one.
func isWord(text string) bool {
	return text != "" && len(text) <= 64 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	})
}

func call(args []string) error {
	if len(args) == 0 {
		return errors.New("a call is missing: serve, start, run, attach, await, names, enter, reach or version")
	}
	name := args[0]
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	directory := flags.String("dir", "", "the `folder` that names the agent")
	token := flags.String("token", "", "the stage's name")
	offset := flags.Int64("offset", 0, "the first byte of output to send")
	again := flags.Bool("again", false, "the script may have begun before")
	socket := flags.String("socket", "", "the `path` of the agent in another container")
	user := flags.Int("user", 0, "the number of that agent's user")
	limit := flags.Duration("limit", time.Minute, "how long to wait for it")
	names := flags.String("names", "", "a `file` with the names of the job's services")
	hostsFile := flags.String("hosts", hosts.File, "the `file` that is to have them")
	as := flags.String("as", "", "the `user` who the command is to be run by")
	inherited := flags.Bool("inherited", false, "the socket is file descriptor 3")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	agent := wire.Agent{Directory: *directory, Socket: *socket, User: *user}
	session := relay.Session{Agent: agent, Token: *token, Stdin: os.Stdin, Stdout: os.Stdout}
	switch {
	case name == "version":
	case name == "await" && *socket != "":
		return await(*socket, *limit)
	case name == "serve" && *socket != "":
		return resident.MainAt(*socket)
	case name == "enter":
		return entrance{*socket, *names, *hostsFile, *as}.execute(flags.Args())
	case name == "reach":
		return reached(flags.Args(), *limit)
	case name == "names":
		if err := hosts.Add(*hostsFile, flags.Args()); err != nil {
			return err
		}
	case *directory == "" && (*socket == "" || name == "start"):
		return fmt.Errorf("%s needs --dir", name)
	case name == "serve":
		return serve(*directory, *inherited)
	case name == "start":
		if err := relay.Start(*directory); err != nil {
			return err
		}
	case !isWord(*token):
		return fmt.Errorf("%s needs --token", name)
	case name == "run":
		return session.Run(*again)
	case name == "attach":
		return session.Attach(*offset)
	default:
		return fmt.Errorf("unknown call %q", name)
	}
	fmt.Println(wire.Name())
	return nil
}

func await(socket string, limit time.Duration) error {
	user, err := resident.Await(socket, limit)
	if err != nil {
		return err
	}
	fmt.Printf("%s user %d", wire.Name(), user)
	if _, err := os.Stat(filepath.Join(filepath.Dir(socket), wire.Unnamed)); err == nil {
		fmt.Print(" ", wire.Unnamed)
	}
	fmt.Println()
	return nil
}

func serve(directory string, inherited bool) error {
	if !inherited {
		listener, err := resident.Listen(directory)
		if err != nil {
			return err
		}
		return resident.Main(listener)
	}
	file := os.NewFile(3, "socket")
	listener, err := net.FileListener(file) // a copy, which no stage gets
	_ = file.Close()
	if err != nil {
		return err
	}
	return resident.Main(listener.(*net.UnixListener))
}
