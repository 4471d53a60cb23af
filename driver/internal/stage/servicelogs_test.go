package stage

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

func (w *watched) Services(context.Context, string, int) []task.ServiceState { return w.states }

// withServices is a job with services of which ECS shows these states.
func withServices(t *testing.T, directory string, states ...task.ServiceState) (waiting, *watched, *state.Task) {
	w, ecs, known := newWaiting(t, directory, 0, 0), &watched{states: states}, &state.Task{Agent: &state.Agent{Path: "/ci-agent"}}
	w.Config.Fargate.WaitForServices.Duration = 30 * time.Second
	w.Config.Fargate.PollInterval.Duration = 500 * time.Millisecond
	w.Config.SSH.ConnectTimeout.Duration = 5 * time.Second
	w.Job.DebugServices, w.Tasks = true, ecs
	for range states {
		known.Services = append(known.Services, state.Service{Image: "db:1", Name: "db"})
	}
	return w, ecs, known
}

// The logs of all services that are not up are read at once.
func TestServicesThatAreNotUpTogether(t *testing.T) {
	directory := t.TempDir()
	for name, states := range map[string][]task.ServiceState{
		"late": make([]task.ServiceState, 8), "ended": {{Ended: true}, {Ended: true}, {Ended: true}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, ecs, known := withServices(t, directory, states...)
			services := make([]images.Service, len(states))
			if lost, err := w.waitForServices(services).until(t.Context(), &reaching{}, known); lost || err != nil {
				t.Errorf("%s: lost %t, %v", name, lost, err)
			}
			if got := strings.Count(w.log.String(), "WARNING"); got != len(states) || ecs.reads != 1 {
				t.Errorf("%s: %d readings, the log is\n%s", name, ecs.reads, w.log)
			}
		})
	}
}

// A job that is cancelled is told nothing of logs that nobody could read any more.
func TestLogsOfACancelledJob(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cancelled := errors.New("cancelled")
		w, _, known := withServices(t, directory, task.ServiceState{Ended: true})
		ctx, cancel := context.WithCancelCause(t.Context())
		wait := w.waitForServices(make([]images.Service, 1))
		wait.look([]task.ServiceState{{Ended: true}})
		cancel(cancelled)
		w.tellServiceLogs(ctx, known)
		if lost, err := wait.until(ctx, &reaching{}, known); lost || !errors.Is(err, cancelled) {
			t.Errorf("lost %t, %v", lost, err)
		}
		if got := w.log.String(); strings.Contains(got, "service:") || strings.Contains(got, "WARNING") || known.Services[0].Told {
			t.Errorf("the log is\n%s", got)
		}
		w.tellEndedServices(t.Context(), known)
		if got := w.log.String(); !strings.Contains(got, "WARNING") || !known.Services[0].Told {
			t.Errorf("of a job that goes on, the log is\n%s", got)
		}
	})
}
