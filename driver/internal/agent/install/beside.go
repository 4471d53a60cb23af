package install

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/shellquote"
)

// Volume is the folder of the volume that a task's coordinator and the container of its job's image share.
type Volume string

// Program is ci-agent for the other container, Socket where that one serves.
func (v Volume) Program() string { return path.Join(string(v), "agent", "ci-agent") }

// Socket is where the agent of the other container serves.
func (v Volume) Socket() string { return path.Join(string(v), "agent", "run", "build.sock") }

// Over is a file that tells the other container that the job is over.
func (v Volume) Over() string { return path.Join(string(v), "agent", "run", wire.Over) }

// Builds and Cache are what the runner is told as its folders, which every user of an image may write to.
func (v Volume) Builds() string { return path.Join(string(v), "builds") }

// Cache is the folder of the cache.
func (v Volume) Cache() string { return path.Join(string(v), "cache") }

// waiting is what sh runs in the image. Not every sleep knows tenths of a second.
const waiting = `trap 'exit 143' TERM
until [ -x %[1]s ]; do sleep 0.1 2>/dev/null || sleep 1; done
exec %[1]s serve --socket %[2]s`

// Waiting is a script for sh in the other container: it waits for ci-agent, which becomes the container's process then.
func (v Volume) Waiting() string {
	return fmt.Sprintf(waiting, shellquote.Quote(v.Program()), shellquote.Quote(v.Socket()))
}

// beside puts the coordinator's own agent into the volume, and waits for the one that the other container makes of it.
// The folders are open to the image's user, whoever that is; the program is not.
const beside = `exec 2>&1; echo; umask 022
mkdir -p %[1]s %[2]s %[3]s && chmod 1777 %[1]s && chmod 777 %[2]s %[3]s &&
  cp %[4]s %[5]s.new && chmod 755 %[5]s.new && mv %[5]s.new %[5]s && exec %[5]s await --socket %[6]s --limit %[7]s`

// Beside lets the container of the job's image have the task's agent, and returns the user by whom it runs there. It
// returns *Unusable where that container takes longer than the limit, and another error where the connection was lost.
func Beside(ctx context.Context, task Task, agent string, volume Volume, limit time.Duration) (user int, err error) {
	quote := shellquote.Quote
	output, _, err := task.Output(ctx, shell(fmt.Sprintf(beside, quote(path.Dir(volume.Socket())), quote(volume.Builds()),
		quote(volume.Cache()), quote(agent), quote(volume.Program()), quote(volume.Socket()), limit)), strings.NewReader(""))
	if err != nil {
		return 0, fmt.Errorf("waiting for ci-agent in the container of the job's image: %w", err)
	}
	output = strings.TrimSpace(output)
	last := output[strings.LastIndexByte(output, '\n')+1:]
	number, found := strings.CutPrefix(last, wire.Name()+" user ")
	if user, err = strconv.Atoi(number); !found || err != nil {
		return 0, &Unusable{last}
	}
	return user, nil
}
