package shiplog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Journal follows the journal of some units with journalctl.
type Journal struct {
	// Command is journalctl.
	Command string
	Units   []string
}

// Follow hands over each entry after the cursor ("" means the whole journal), and waits for more until ctx ends. It
// returns an error when journalctl ends before that, or prints what Follow cannot read.
func (j *Journal) Follow(ctx context.Context, cursor string, take func(Entry) error) error {
	// --all: without it long fields are left out. --no-tail: without it all but the last ten entries would be. --merge:
	// without it --follow means the current boot, and what was not sent before a reboot would never be.
	args := []string{"--follow", "--no-tail", "--merge", "--output=json", "--all", "--quiet"}
	for _, unit := range j.Units {
		args = append(args, "--unit="+unit)
	}
	if cursor != "" {
		args = append(args, "--after-cursor="+cursor)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	command := exec.CommandContext(ctx, j.Command, args...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	stdout, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	reading := eachEntry(stdout, take)
	stopped := ctx.Err() != nil
	if reading != nil {
		cancel() // Otherwise journalctl has ended by itself, and Wait says how.
	}
	ending := command.Wait()
	if stopped {
		return nil
	}
	if reading != nil {
		return reading
	}
	if ending == nil {
		ending = errors.New("exit status 0")
	}
	return fmt.Errorf("reading the journal: journalctl ended: %w: %s", ending, strings.TrimSpace(complaint.String()))
}

func eachEntry(stream io.Reader, take func(Entry) error) error {
	lines := bufio.NewReader(stream)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // The next Follow reads an incomplete last line again.
		}
		if err != nil {
			return fmt.Errorf("reading the journal: %w", err)
		}
		entry, err := ParseEntry(line)
		if err != nil {
			return err
		}
		if err := take(entry); err != nil {
			return err
		}
	}
}
