package stage

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/servicelog"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// watched is an ECS that shows states of services once a second, or nothing at all.
type watched struct {
	Tasks
	states []task.ServiceState
	over   error
	// reads counts the readings of logs.
	reads int
}

func (w *watched) WatchServices(ctx context.Context, _ string, _ int, look func([]task.ServiceState)) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
		if w.over != nil {
			return w.over
		}
		if w.states != nil {
			look(w.states)
		}
	}
}

func (w *watched) ServiceLogs(ctx context.Context, _ string, since map[int]servicelog.Mark) map[int]task.ServiceLog {
	w.reads++
	logs := map[int]task.ServiceLog{}
	for index := range since {
		logs[index] = task.ServiceLog{Lines: servicelog.Lines{Text: []string{"its last words"}}, Err: context.Cause(ctx)}
	}
	return logs
}

// reaching is a task in which a port takes connections after a time, if ever.
type reaching struct {
	Connection
	up   map[string]time.Time
	lost int
}

func (r *reaching) Output(ctx context.Context, command string, _ io.Reader) (string, int, error) {
	if r.lost > 0 {
		r.lost--
		return "", 0, io.ErrUnexpectedEOF
	}
	words := strings.Fields(strings.TrimSuffix(command, "'"))
	limit, _ := time.ParseDuration(words[len(words)-2])
	port := words[len(words)-1]
	at, ever := r.up[port]
	if wait := time.Until(at); ever && wait <= limit {
		time.Sleep(max(0, wait))
		return wire.Name() + " reached 0\n", 0, ctx.Err()
	}
	time.Sleep(limit)
	return wire.Name() + " reached\n", 0, ctx.Err()
}

func TestTheWaitForAService(t *testing.T) {
	over := fmt.Errorf("the task has ended")
	for name, test := range map[string]struct {
		ports  []int
		states []task.ServiceState
		up     time.Duration
		lost   int
		over   error
		takes  time.Duration
		says   string
		err    error
	}{
		"that takes connections at once": {ports: []int{80}, up: time.Nanosecond},
		"that takes them late":           {ports: []int{80}, up: 7500 * time.Millisecond, takes: 7500 * time.Millisecond},
		"that never does": {ports: []int{80}, states: []task.ServiceState{{Running: true}}, takes: 30 * time.Second,
			says: "ci-service-1 took no connection at port 80 within 30s\n[service:db] its last words\n"},
		"of which ECS shows nothing": {ports: []int{80}, takes: 30 * time.Second, says: "took no connection at port 80"},
		"that ends": {ports: []int{80}, states: []task.ServiceState{{Ended: true, End: "has ended (exit code 3)"}},
			takes: time.Second, says: "ci-service-1 has ended (exit code 3)\n[service:db] its last words\n"},
		"without a port":                {states: []task.ServiceState{{Running: true}}, takes: time.Second},
		"without a port that runs late": {states: []task.ServiceState{{}}, takes: 30 * time.Second, says: "did not run within 30s"},
		"without a port, unseen":        {takes: 30 * time.Second},
		"of a task that ends":           {ports: []int{80}, over: over, takes: time.Second, err: over},
		"over a connection that breaks": {ports: []int{80}, up: 5 * time.Second, lost: 2, takes: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newWaiting(t, directory, 0, 0)
				w.Config.Fargate.WaitForServices.Duration = 30 * time.Second
				w.Config.Fargate.PollInterval.Duration = 500 * time.Millisecond
				w.Config.SSH.ConnectTimeout.Duration = 5 * time.Second
				w.Tasks = &watched{states: test.states, over: test.over}
				began := time.Now()
				connection := &reaching{up: map[string]time.Time{}, lost: test.lost}
				if test.up > 0 {
					connection.up["80"] = began.Add(test.up)
				}
				known := &state.Task{Agent: &state.Agent{Path: "/ci-agent"}, Services: []state.Service{{Image: "db:1", Name: "db"}}}
				wait := w.waitForServices([]images.Service{{Image: "db:1", Names: []string{"db"}, Ports: test.ports}})
				lost, err := wait.until(t.Context(), connection, known)
				for lost {
					lost, err = wait.until(t.Context(), connection, known)
					test.lost--
				}
				late := time.Since(began) - test.takes
				if late < 0 || late > time.Second || test.err == nil && err != nil || test.err != nil && err != test.err {
					t.Errorf("%v after %s", err, time.Since(began))
				}
				if got := w.log.String(); !strings.Contains(got, test.says) || strings.Contains(got, "WARNING") != (test.says != "") {
					t.Errorf("the log is\n%s", got)
				}
				if test.lost != 0 {
					t.Errorf("the connection was lost %d times too rarely", test.lost)
				}
			})
		})
	}
}
