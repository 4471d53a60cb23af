package task

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/config"
)

// slow looks every five seconds, on synctest's clock, and waits for what ECS does not show as long as a driver does.
func slow(t *testing.T, api *fakeECS) *Tasks {
	t.Helper()
	tasks := tasks(t, api)
	tasks.ConsistencyWindow = DefaultConsistencyWindow
	tasks.Config.PollInterval = config.Duration{Duration: 5 * time.Second}
	tasks.Config.MaxPollInterval = tasks.Config.PollInterval
	tasks.Config.StartTimeout = config.Duration{Duration: 5 * time.Minute}
	tasks.Config.StopTimeout = tasks.Config.StartTimeout
	return tasks
}

type describes = []func() (*ecs.DescribeTasksOutput, error)

// ECS may answer from a copy that is behind at any time, also after another copy has shown the task.
func TestTaskThatIsNotShownForAMoment(t *testing.T) {
	pending := in("PENDING")
	synctest.Test(t, func(t *testing.T) {
		tasks := slow(t, &fakeECS{describe: describes{pending, pending, pending, pending, pending, unknown, in("RUNNING")}})
		address, err := tasks.AwaitRunning(t.Context(), arn, func(string, time.Duration) {})
		if err != nil || address != "172.31.0.9" {
			t.Errorf("AwaitRunning: %q, %v", address, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := &fakeECS{describe: describes{unknown, unknown, in("RUNNING")}}
		if err := slow(t, api).Check(t.Context(), arn, Stopping); err != nil || api.describes != 3 {
			t.Errorf("Check after %d looks: %v", api.describes, err)
		}
	})
}

func TestTaskThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, tasks := time.Now(), slow(t, &fakeECS{describe: describes{unknown}})
		if err := tasks.Check(t.Context(), arn, Stopping); err == nil || !strings.Contains(err.Error(), "does not know the task") {
			t.Errorf("Check: %v", err)
		}
		if took := time.Since(begin); took < DefaultConsistencyWindow {
			t.Errorf("Check took it for gone after %s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		notFound := func() (*ecs.StopTaskOutput, error) {
			return nil, answered(400, "InvalidParameterException", "The referenced task was not found.")
		}
		api := &fakeECS{
			describe: describes{unknown}, list: []func() (*ecs.ListTasksOutput, error){listing()},
			stop: []func() (*ecs.StopTaskOutput, error){notFound},
		}
		if stopped, err := slow(t, api).StopAll(t.Context(), Ref{ARN: arn}, "why"); err != nil || len(stopped) != 0 {
			t.Errorf("StopAll: %v, %v", stopped, err)
		}
	})
}

// RunTask may take effect in its last try, a minute after the driver called it, and be listed some seconds later still.
func TestTaskOfALongCallThatIsListedLate(t *testing.T) {
	stops := []func() (*ecs.StopTaskOutput, error){func() (*ecs.StopTaskOutput, error) {
		return &ecs.StopTaskOutput{Task: &types.Task{}}, nil
	}}
	lists := []func() (*ecs.ListTasksOutput, error){listing(), listing(), listing(arn)}
	synctest.Test(t, func(t *testing.T) {
		api := &fakeECS{list: lists, stop: stops}
		stopped, err := slow(t, api).StopAll(t.Context(), Ref{CalledUntil: time.Now()}, "why")
		if diff := cmp.Diff([]string{arn}, stopped); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := &fakeECS{list: lists, stop: stops}
		stopped, err := slow(t, api).StopAll(t.Context(), Ref{CalledUntil: time.Now().Add(-time.Minute)}, "why")
		if err != nil || len(stopped) != 0 || api.lists != 1 {
			t.Errorf("a call of an hour ago: %v, %v after %d looks", stopped, err, api.lists)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := &fakeECS{list: []func() (*ecs.ListTasksOutput, error){
			func() (*ecs.ListTasksOutput, error) { return nil, errors.New("connection reset") }, listing(arn),
		}, stop: stops}
		stopped, err := slow(t, api).StopAll(t.Context(), Ref{CalledUntil: time.Now()}, "why")
		if err != nil || len(stopped) != 1 {
			t.Errorf("after a failed look: %v, %v", stopped, err)
		}
	})
}
