package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/hosts"
	"gitlab-fargate-runners/driver/internal/agent/identity"
	"gitlab-fargate-runners/driver/internal/agent/reach"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// entrance is what comes before the job's own processes in the container of its image.
type entrance struct {
	socket string
	// names is a file with the names of the job's services, hosts the one that is to have them.
	names, hosts string
	// user is the user who this process is to become, where the container has started as root for the sake of the names.
	user string
}

// execute executes the command in the place of this process, so that nothing of root's is left in it. Where it was told a
// user, it does so as that user alone.
func (e entrance) execute(command []string) error {
	if len(command) == 0 {
		return errors.New("enter needs a command")
	}
	if e.names != "" {
		if err := e.addNames(); err != nil {
			_ = os.WriteFile(filepath.Join(filepath.Dir(e.socket), wire.Unnamed), []byte(err.Error()), 0o644)
		}
	}
	environment := os.Environ()
	if e.user != "" {
		var err error
		if environment, err = e.become(environment); err != nil {
			return err
		}
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, command, environment)
}

func (e entrance) addNames() error {
	content, err := os.ReadFile(e.names)
	if err != nil {
		return err
	}
	return hosts.Add(e.hosts, strings.Fields(string(content)))
}

// become makes this process the user's, where it is not yet, and returns the user's environment. Only root can become
// another user.
func (e entrance) become(environment []string) ([]string, error) {
	user, err := identity.Find("/", e.user)
	if err != nil {
		return nil, err
	}
	switch now := os.Geteuid(); now {
	case user.UID:
		return environment, nil
	case 0:
	default:
		return nil, fmt.Errorf("the job is to be run by user %s, but the container's entry point has made this process user %d's",
			e.user, now)
	}
	root, err := identity.Find("/", "0")
	if err != nil {
		return nil, err
	}
	return user.Environment(environment, root.Home), user.Become()
}

// reached tells which of the services take connections; each argument has the ports of one.
func reached(services []string, limit time.Duration) error {
	var all [][]int
	for _, text := range services {
		ports, err := reach.Parse(text)
		if err != nil {
			return err
		}
		all = append(all, ports)
	}
	fmt.Print(wire.Name(), " reached")
	for _, index := range reach.Services(all, limit) {
		fmt.Print(" ", index)
	}
	fmt.Println()
	return nil
}
