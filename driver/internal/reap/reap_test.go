package reap

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/runnerproc"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

type cluster struct {
	seen    []task.Listing
	stopped []string
}

func (c *cluster) Place() (task.Place, error) { return task.Place{Region: "r", Cluster: "c"}, nil }

func (c *cluster) Survey(context.Context, task.Place) ([]task.Listing, error) { return c.seen, nil }

func (c *cluster) Stop(_ context.Context, arn, _ string) (bool, error) {
	c.stopped = append(c.stopped, arn)
	return true, nil
}

type files struct {
	known   map[string]*state.Task
	broken  bool
	removed []string
}

func (f *files) Host() (string, error) { return "here", nil }

func (f *files) Keys() ([]string, error) {
	var keys []string
	for key := range f.known {
		keys = append(keys, key)
	}
	return keys, nil
}

func (f *files) Load(key string) (*state.Task, error) {
	if f.broken {
		return nil, errors.New("not readable")
	}
	return f.known[key], nil
}

func (f *files) Sweep(time.Time) error { return nil }

func (f *files) Remove(key string) error {
	f.removed = append(f.removed, key)
	return nil
}

type slots struct{ swept bool }

func (s *slots) Sweep(time.Time) error {
	s.swept = true
	return nil
}

func TestDecisions(t *testing.T) {
	const key, startedBy = "job-7-0123456789abcdef", "gitlab/runner-1/job-7/0123456789abcdef"
	now := time.Now()
	ended := &runnerproc.Process{Boot: "of another boot"}
	alive := func(change ...func(*state.Task)) map[string]*state.Task {
		known := &state.Task{ARN: "arn", IntendedAt: now.Add(-time.Hour), Deadline: now.Add(time.Hour)}
		for _, f := range change {
			f(known)
		}
		return map[string]*state.Task{key: known}
	}
	seen := func(change ...func(*task.Listing)) []task.Listing {
		one := task.Listing{ARN: "arn", StartedBy: startedBy,
			Lease: task.Lease{Host: "here", Deadline: now.Add(time.Hour)}}
		for _, f := range change {
			f(&one)
		}
		return []task.Listing{one}
	}
	past := func(one *task.Listing) { one.Lease.Deadline = now.Add(-time.Second) }
	elsewhere := func(one *task.Listing) { one.Lease.Host = "elsewhere" }
	tests := map[string]struct {
		seen          []task.Listing
		files         files
		stop, forgets bool
	}{
		"live": {seen(), files{known: alive()}, false, false},
		"live, RunTask not answered yet": {seen(), files{known: alive(func(s *state.Task) { s.ARN = "" })}, false,
			false},
		"live, of another host":            {seen(elsewhere), files{}, false, false},
		"its file cannot be read":          {seen(), files{known: alive(), broken: true}, false, false},
		"past its time, of another host":   {seen(elsewhere, past), files{}, true, false},
		"past its time, file not readable": {seen(past), files{broken: true}, true, false},
		"the runner has ended": {seen(), files{known: alive(func(s *state.Task) { s.Runner = ended })},
			true, false},
		"no file": {seen(), files{}, true, false},
		"unleased, no file": {seen(func(one *task.Listing) { one.Lease = task.Lease{} }), files{},
			false, false},
		"another stack's": {seen(past, func(one *task.Listing) { one.Foreign = true }), files{},
			false, false},
		"started by something else": {seen(past, func(one *task.Listing) { one.StartedBy = "ecs-svc/1" }),
			files{}, false, false},
		"a file only": {nil, files{known: alive()}, false, false},
		"a file only, past its time": {nil,
			files{known: alive(func(s *state.Task) { s.Deadline = now.Add(-time.Second) })}, false, true},
		"a file only, the runner has ended": {nil, files{known: alive(func(s *state.Task) { s.Runner = ended })}, false,
			true},
		"a file only, just written": {nil, files{known: alive(func(s *state.Task) {
			s.Runner, s.IntendedAt = ended, now.Add(-time.Second)
		})}, false, false},
		"a file of an earlier driver": {nil, files{known: alive(func(s *state.Task) { s.Deadline = time.Time{} })},
			false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tasks, slots := &cluster{seen: test.seen}, &slots{}
			reaper := Reaper{
				Tasks: tasks, Store: &test.files, Leftovers: []Leftovers{slots}, Now: func() time.Time { return now },
				Log: slog.New(slog.DiscardHandler), Stdout: io.Discard, DryRun: true,
			}
			if err := reaper.Run(t.Context()); err != nil || len(tasks.stopped) > 0 || len(test.files.removed) > 0 ||
				slots.swept {
				t.Fatalf("a dry run: %v, stopped %v, removed %v, slots swept: %v", err, tasks.stopped,
					test.files.removed, slots.swept)
			}
			reaper.DryRun = false
			if err := reaper.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !slots.swept || (len(tasks.stopped) > 0) != test.stop || (len(test.files.removed) > 0) != test.forgets {
				t.Errorf("stopped %v, removed %v", tasks.stopped, test.files.removed)
			}
		})
	}
}
