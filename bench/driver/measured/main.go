// Command measured runs a program and tells on standard output, as one JSON document, what that took. Node cannot: it
// knows neither a child's CPU time nor its memory.
//
//	measured PROGRAM [ARGUMENT…]
//
// The program gets this one's standard input and standard error. Its standard output is read as gitlab-runner reads it,
// through a pipe, and counted.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// result is what a run took. MaxRSS is not below what this program has itself (about 3 MiB), as the kernel counts from
// before the exec on.
type result struct {
	ExitCode    int   `json:"exitCode"` // -1: ended by a signal
	WallNanos   int64 `json:"wallNanos"`
	CPUNanos    int64 `json:"cpuNanos"` // user and system, with children that were waited for
	MaxRSSBytes int64 `json:"maxRssBytes"`
	OutputBytes int64 `json:"outputBytes"`
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "measured: no program is given")
		os.Exit(2)
	}
	measured, err := run(os.Args[1], os.Args[2:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(measured)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measured:", err)
		os.Exit(2)
	}
}

// run returns an error where the program could not be run to its end; an exit code other than 0 is none.
func run(program string, arguments []string) (result, error) {
	var output counter
	command := exec.Command(program, arguments...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, &output, os.Stderr
	started := time.Now()
	err := command.Run()
	wall := time.Since(started)
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return result{}, err
	}
	state := command.ProcessState
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return result{}, errors.New("the system does not tell what a process used")
	}
	return result{
		ExitCode:    state.ExitCode(),
		WallNanos:   wall.Nanoseconds(),
		CPUNanos:    usage.Utime.Nano() + usage.Stime.Nano(),
		MaxRSSBytes: usage.Maxrss * 1024, // KiB on Linux
		OutputBytes: int64(output),
	}, nil
}
