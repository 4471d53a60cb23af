// Package hosts lets a container find its job's services, all of which are at localhost, by their names.
package hosts

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
)

// File is where resolvers look before they ask a server. hosts(5)
const File = "/etc/hosts"

// address is that of all containers of a task, which share one network. Services that listen on IPv6 alone are rare, and
// clients that try ::1 first and nothing after it would miss all others.
const address = "127.0.0.1"

// Add adds those of the names to the file that are not there at this address. Each has a line of its own, as musl reads
// 512 bytes of one.
func Add(file string, names []string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	known := namesIn(content)
	var more bytes.Buffer
	if len(content) > 0 && content[len(content)-1] != '\n' {
		more.WriteByte('\n')
	}
	added := false
	for _, name := range names {
		if !slices.Contains(known, name) {
			fmt.Fprintf(&more, "%s %s\n", address, name)
			added = true
		}
	}
	if !added {
		return nil
	}
	// The file is a mount, which nobody can replace; and another container may append to the same one.
	to, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = to.Write(more.Bytes())
	if closeErr := to.Close(); err == nil {
		err = closeErr
	}
	return err
}

// namesIn returns the names that the file has at this address.
func namesIn(content []byte) (names []string) {
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == address {
			names = append(names, fields[1:]...)
		}
	}
	return names
}
