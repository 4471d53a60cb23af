package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/hosts"
	"gitlab-fargate-runners/driver/internal/agent/identity"
	"gitlab-fargate-runners/driver/internal/agent/reach"
	"gitlab-fargate-runners/driver/internal/agent/resident"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// beginning is what the agent does in the container of the job's image before it serves.
type beginning struct {
	socket string
	// names is a file with the names of the job's services, hosts the one that is to have them.
	names, hosts string
	// user is the user who the agent is to become, where the container has started as root for the sake of the names.
	user string
}

// serve serves as the container's user. It never runs a stage as root where it was told another user.
func (b beginning) serve() error {
	if b.names != "" {
		if err := b.addNames(); err != nil {
			_ = os.WriteFile(filepath.Join(filepath.Dir(b.socket), wire.Unnamed), []byte(err.Error()), 0o644)
		}
	}
	if b.user != "" && os.Geteuid() == 0 {
		return b.become()
	}
	return resident.MainAt(b.socket)
}

func (b beginning) addNames() error {
	content, err := os.ReadFile(b.names)
	if err != nil {
		return err
	}
	return hosts.Add(b.hosts, strings.Fields(string(content)))
}

// become starts this program anew as the user, in the place of this process, so that nothing of root's is left in it.
func (b beginning) become() error {
	user, err := identity.Find("/", b.user)
	if err != nil {
		return err
	}
	root, err := identity.Find("/", "0")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := user.Become(); err != nil {
		return err
	}
	return syscall.Exec(self, []string{self, "serve", "--socket", b.socket}, user.Environment(os.Environ(), root.Home))
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
