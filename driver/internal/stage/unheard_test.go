package stage

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// hung is a connection that gives no answer.
type hung struct{ Connection }

func (hung) Output(ctx context.Context, _ string, _ io.Reader) (string, int, error) {
	<-ctx.Done()
	return "", 0, context.Cause(ctx)
}

var database = images.Service{Image: "db:1", Names: []string{"db"}, Ports: []int{80}}

// A question over a connection that gives no answer is asked over another one, while there is time; then the job goes on.
func TestAServiceOfATaskThatGivesNoAnswer(t *testing.T) {
	directory := t.TempDir()
	for connecting, want := range map[time.Duration]struct {
		lost  bool
		takes time.Duration
		says  string
	}{
		5 * time.Second: {lost: true, takes: 5*time.Second + reachTurn},
		2 * time.Minute: {takes: 30*time.Second + reachTurn,
			says: "ci-service-1 may take connections at port 80 or not: ci-agent gave no answer within 30s\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWaiting(t, directory, 0, 0)
			w.Config.Fargate.WaitForServices.Duration = 30 * time.Second
			w.Config.SSH.ConnectTimeout.Duration = connecting
			w.Tasks = &watched{states: []task.ServiceState{{Running: true}}}
			known := &state.Task{Agent: &state.Agent{Path: "/ci-agent"}, Services: []state.Service{{Image: "db:1", Name: "db"}}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			began := time.Now()
			lost, err := w.waitForServices([]images.Service{database}).until(ctx, hung{}, known)
			if took := time.Since(began); lost != want.lost || (err != nil) != want.lost || took != want.takes {
				t.Errorf("%s to connect: lost %t, %v after %s", connecting, lost, err, took)
			}
			if got := w.log.String(); !strings.Contains(got, want.says) || strings.Contains(got, "WARNING") == want.lost {
				t.Errorf("%s to connect: the log is\n%s", connecting, got)
			}

			known.Services = nil
			began = time.Now()
			lost, err = w.nameServices(ctx, hung{}, known, []images.Service{database})
			if took := time.Since(began); !lost || err == nil || took != connecting {
				t.Errorf("%s to connect: naming ends after %s, lost %t, %v", connecting, took, lost, err)
			}
		})
	}
}
