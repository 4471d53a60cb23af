package install

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/reach"
	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/shellquote"
)

// Name lets the agent's own container find the job's services by their names. It returns *Unusable where that cannot be,
// and another error where the connection was lost.
func Name(ctx context.Context, task Task, agent, hosts string, names []string) error {
	words := []string{shellquote.Quote(agent), "names", "--hosts", shellquote.Quote(hosts)}
	for _, name := range names {
		words = append(words, shellquote.Quote(name))
	}
	said, err := say(ctx, task, words)
	if err == nil && said != wire.Name() {
		err = &Unusable{said}
	}
	return err
}

// Reach returns the indexes of those services of which a port takes connections, as soon as that is so for each, or the
// limit is over. It returns *Unusable where the agent cannot tell, and another error where the connection was lost.
func Reach(ctx context.Context, task Task, agent string, services [][]int, limit time.Duration) (reached []int, err error) {
	words := []string{shellquote.Quote(agent), "reach", "--limit", limit.String()}
	for _, ports := range services {
		words = append(words, reach.Format(ports))
	}
	said, err := say(ctx, task, words)
	if err != nil {
		return nil, err
	}
	told, found := strings.CutPrefix(said, wire.Name()+" reached")
	for word := range strings.FieldsSeq(told) {
		index, err := strconv.Atoi(word)
		if err != nil || index < 0 || index >= len(services) {
			found = false
			break
		}
		reached = append(reached, index)
	}
	if !found {
		return nil, &Unusable{said}
	}
	return reached, nil
}

// say runs the command in the task and returns the last line that it says.
func say(ctx context.Context, task Task, words []string) (string, error) {
	command := shell("exec 2>&1; echo; exec " + strings.Join(words, " "))
	output, _, err := task.Output(ctx, command, strings.NewReader(""))
	if err != nil {
		return "", fmt.Errorf("asking ci-agent in the task: %w", err)
	}
	return lastLine(output), nil
}
