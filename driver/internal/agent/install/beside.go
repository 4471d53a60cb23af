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

// names is a file with the names of the job's services.
func (v Volume) names() string { return path.Join(string(v), "agent", "names") }

// Builds and Cache are what the runner is told as its folders, which every user of an image may write to.
func (v Volume) Builds() string { return path.Join(string(v), "builds") }

// Cache is the folder of the cache.
func (v Volume) Cache() string { return path.Join(string(v), "cache") }

// waiting is what sh runs in the image. Not every sleep knows tenths of a second.
const waiting = `trap 'exit 143' TERM
until [ -x %[1]s ]; do sleep 0.1 2>/dev/null || sleep 1; done
exec`

// Entrance is what comes before the job's own processes in the other container.
type Entrance struct {
	// Hosts, where there is one, is the file that is to have the names of the job's services.
	Hosts string
	// User, where there is one, is the user who they are to be run by, since the container starts as root.
	User string
}

// Serving is a script for sh in the other container, once that has ci-agent, which becomes the container's process.
func (v Volume) Serving() string { return "exec " + v.serving() }

// serving is the command for sh. It is in the task definition of each job with an image: another text, and be it only
// another way of quoting, has each host register all of them anew.
func (v Volume) serving() string {
	return shellquote.Quote(v.Program()) + " serve --socket " + shellquote.Quote(v.Socket())
}

func (v Volume) serve() []string { return []string{v.Program(), "serve", "--socket", v.Socket()} }

// Waiting is a script for sh in the other container: it waits for ci-agent, which becomes the container's process then.
func (v Volume) Waiting(first Entrance) string {
	if first == (Entrance{}) {
		return v.wait() + " " + v.serving()
	}
	return v.Entering(first, v.serve())
}

// Entering is such a script which executes the command after what comes first.
func (v Volume) Entering(first Entrance, command []string) string {
	words := []string{v.Program(), "enter", "--socket", v.Socket(), "--names", v.names(), "--hosts", first.Hosts}
	if first.User != "" {
		words = append(words, "--as", first.User)
	}
	return v.wait() + " " + quoted(append(append(words, "--"), command...))
}

func (v Volume) wait() string { return fmt.Sprintf(waiting, shellquote.Quote(v.Program())) }

func quoted(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = shellquote.Quote(word)
	}
	return strings.Join(quoted, " ")
}

// beside puts the coordinator's own agent into the volume, and waits for the one that the other container makes of it.
// The folders are open to the image's user, whoever that is; the program is not.
const beside = `exec 2>&1; echo; umask 022
mkdir -p %[1]s %[2]s %[3]s && chmod 1777 %[1]s && chmod 777 %[2]s %[3]s && echo %[8]s >%[9]s &&
  cp %[4]s %[5]s.new && chmod 755 %[5]s.new && mv %[5]s.new %[5]s && exec %[5]s await --socket %[6]s --limit %[7]s`

// Other is the agent in the container of the job's image.
type Other struct {
	// User is the number of the user by whom it runs there.
	User int
	// Unnamed is true where that container does not know the names of the job's services.
	Unnamed bool
}

// Beside lets the container of the job's image have the task's agent, and the names of the job's services. It returns
// *Unusable where that container takes longer than the limit, and another error where the connection was lost.
func Beside(
	ctx context.Context, task Task, agent string, volume Volume, names []string, limit time.Duration,
) (other Other, err error) {
	quote := shellquote.Quote
	output, _, err := task.Output(ctx, shell(fmt.Sprintf(beside, quote(path.Dir(volume.Socket())), quote(volume.Builds()),
		quote(volume.Cache()), quote(agent), quote(volume.Program()), quote(volume.Socket()), limit,
		quote(strings.Join(names, " ")), quote(volume.names()))), strings.NewReader(""))
	if err != nil {
		return Other{}, fmt.Errorf("waiting for ci-agent in the container of the job's image: %w", err)
	}
	last := lastLine(output)
	told, found := strings.CutPrefix(last, wire.Name()+" user ")
	number, unnamed := strings.CutSuffix(told, " "+wire.Unnamed)
	if other.User, err = strconv.Atoi(number); !found || err != nil {
		return Other{}, &Unusable{last}
	}
	other.Unnamed = unnamed
	return other, nil
}

// lastLine is what a program of the task says after all that a login shell may have said.
func lastLine(output string) string {
	output = strings.TrimSpace(output)
	return output[strings.LastIndexByte(output, '\n')+1:]
}
