package stage

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/task"
)

// definer is an ECS that refuses to register a task definition until a time.
type definer struct {
	Tasks
	refusal error
	until   time.Time
	asked   int
}

func (d *definer) Define(ctx context.Context, _ task.Derived) (string, error) {
	d.asked++
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case time.Now().Before(d.until):
		return "", d.refusal
	}
	return "arn", nil
}

// A job waits for ECS to take its task definition as it does for capacity, and for rights as long as they may be new.
func TestAJobWaitsForItsTaskDefinition(t *testing.T) {
	refused := func(text string, is error) error { return refusal{failure.New("", "%s", text), []error{is}} }
	throttled, denied := refused("AWS throttled it", task.ErrThrottled), refused("AWS denied it", task.ErrNoRights)
	for name, test := range map[string]struct {
		refusal     error
		takes       time.Duration
		cancelAfter time.Duration
		want        error
		after       time.Duration
		says        string
	}{
		"throttled for a while":   {throttled, 5 * time.Minute, 0, nil, 5 * time.Minute, "AWS throttled it. The job tries again"},
		"throttled for too long":  {throttled, time.Hour, 0, task.ErrThrottled, 15 * time.Minute, "AWS throttled it. The job tries again"},
		"rights that are new":     {denied, 20 * time.Second, 0, nil, 20 * time.Second, "AWS denied it. The job tries again"},
		"rights that are missing": {denied, time.Hour, 0, task.ErrNoRights, time.Minute, "AWS denied it. The job tries again"},
		"anything else":           {errors.New("no"), time.Hour, 0, nil, 0, ""},
		"a cancel":                {throttled, time.Hour, 100 * time.Second, ErrCancelled, 100 * time.Second, "The job tries again"},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newWaiting(t, directory, 0, 0)
				began := time.Now()
				w.Config.Changed = began
				ecs := &definer{refusal: test.refusal, until: began.Add(test.takes)}
				w.Tasks = ecs
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if test.cancelAfter > 0 {
					defer time.AfterFunc(test.cancelAfter, func() { cancel(ErrCancelled) }).Stop()
				}
				arn, err := w.define(ctx, beside{build: &images.Build{Image: "node:24"}})
				late := time.Since(began) - test.after
				if late < 0 || late > longestPause*6/5 || !strings.Contains(w.log.String(), test.says) {
					t.Errorf("after %s, %d calls: %s", time.Since(began), ecs.asked, w.log)
				}
				switch {
				case test.want != nil && !errors.Is(err, test.want), (arn == "arn") != (err == nil):
					t.Errorf("%q, %v", arn, err)
				case test.want == nil && test.says != "" && err != nil:
					t.Error(err)
				}
			})
		})
	}
}
