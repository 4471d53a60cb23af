package stage

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/registry"
	"gitlab-fargate-runners/driver/internal/sleep"
	"gitlab-fargate-runners/driver/internal/task"
)

// pushed is a registry that has an image from some time on, and takes a second to say so.
type pushed struct {
	at    time.Time
	asked int
}

func (p *pushed) ReadAll(ctx context.Context, wanted []registry.Wanted) []registry.Found {
	p.asked++
	if sleep.For(ctx, time.Second) != nil {
		return []registry.Found{{}}
	}
	if wanted[0].Image != "node:24" || wanted[0].Architecture != "arm64" || time.Now().Before(p.at) {
		return []registry.Found{{Outcome: registry.Absent}}
	}
	return []registry.Found{{Outcome: registry.There, Config: &registry.Config{User: "node"}}}
}

type based struct {
	Tasks
	refusal error
}

func (b based) Base(context.Context) (task.Base, error) {
	return task.Base{Architecture: "arm64"}, b.refusal
}

func TestReadingWhileAJobWaits(t *testing.T) {
	for name, test := range map[string]struct {
		// after is when the image is there, waits how long the job waits for its slot.
		after, waits time.Duration
		refusal      error
		asked        int
		absent       bool
		user         string
	}{
		"there":                                  {asked: 1, user: "node"},
		"there, after a wait":                    {waits: time.Minute, asked: 2, user: "node"},
		"absent":                                 {after: time.Hour, asked: 1, absent: true},
		"absent, after a wait":                   {after: time.Hour, waits: time.Minute, asked: 2, absent: true},
		"pushed while the job waited":            {after: 30 * time.Second, waits: time.Minute, asked: 2, user: "node"},
		"of a definition that ECS does not show": {refusal: errors.New("denied")},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newWaiting(t, directory, 0, 0)
				images, build := &pushed{at: time.Now().Add(test.after)}, &images.Build{Image: "node:24"}
				w.Tasks, w.Registry = based{refusal: test.refusal}, images
				began := time.Now()
				read, stop := w.beginReading(t.Context(), beside{build: build})
				defer stop()
				time.Sleep(test.waits)
				err := read.end(t.Context())
				if errors.Is(err, task.ErrNotStarted) != test.absent || (err != nil) != test.absent || images.asked != test.asked ||
					build.ConfigUser != test.user || build.ConfigKnown != (test.user != "") {
					t.Errorf("%v, asked %d times, %+v", err, images.asked, build)
				}
				if took := time.Since(began) - test.waits; took > time.Second {
					t.Errorf("the job waited %s for it", took)
				}
			})
		})
	}
}

func TestReadingOfACancelledJob(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, directory, 0, 0)
		w.Tasks, w.Registry = based{}, &pushed{}
		ctx, cancel := context.WithCancelCause(t.Context())
		read, stop := w.beginReading(ctx, beside{build: &images.Build{Image: "node:24"}})
		defer stop()
		cancel(ErrCancelled)
		if err := read.end(ctx); !errors.Is(err, ErrCancelled) || !errors.Is(err, task.ErrNotStarted) {
			t.Error(err)
		}
	})
}

// A job without an image, and a driver that reads none.
func TestNothingToRead(t *testing.T) {
	w := newWaiting(t, t.TempDir(), 0, 0)
	for _, build := range []*images.Build{nil, {Image: "node:24"}} {
		read, stop := w.beginReading(t.Context(), beside{build: build})
		if err := read.end(t.Context()); err != nil {
			t.Error(err)
		}
		stop()
	}
}
