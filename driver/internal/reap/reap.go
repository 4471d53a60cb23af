// Package reap stops tasks that have outlived their jobs: the tasks of hosts that are gone, of runners that were
// killed, and of clean-ups that failed. Any number of hosts may run it at any time, beside running jobs.
package reap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"gitlab-fargate-runners/driver/internal/job"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// Tasks is the part of ECS that a reaper needs; *task.Tasks has it.
type Tasks interface {
	// Place is where new tasks are started.
	Place() (task.Place, error)
	Survey(ctx context.Context, place task.Place) ([]task.Listing, error)
	Stop(ctx context.Context, arn, reason string) (stopped bool, err error)
}

// Store is the part of the state that a reaper needs; *state.Store has it.
type Store interface {
	Host() (string, error)
	Keys() ([]string, error)
	Load(key string) (*state.Task, error)
	Remove(key string) error
	Sweep(before time.Time) error
}

// Leftovers are what jobs of this host keep beside their state; *slot.Slots and *patience.Record have it.
type Leftovers interface {
	Sweep(now time.Time) error
}

// Reaper works on the configured cluster, and on each other one in which jobs of this host have been started.
type Reaper struct {
	Tasks     Tasks
	Store     Store
	Leftovers []Leftovers
	Now       func() time.Time
	Log       *slog.Logger
	// Stdout gets a line for each task and one for the total.
	Stdout io.Writer
	// DryRun makes the reaper tell what it would stop, and change nothing.
	DryRun bool
}

// Run looks at each task of these clusters once. Where it cannot read a cluster or stop a task, it goes on with the
// others; its error names every such cluster and task.
func (r *Reaper) Run(ctx context.Context) error {
	host, err := r.Store.Host()
	if err != nil {
		return err
	}
	places, err := r.places()
	if err != nil {
		return err
	}
	// The order matters: the driver writes a job's file before it starts the task, and removes it after it has stopped
	// the task. So a task that ECS lists first and that has no file afterwards belongs to no job.
	seen, read, err := r.survey(ctx, places)
	errs := []error{err}
	stopped, running := 0, map[string]bool{}
	for _, one := range seen {
		key, ours := job.KeyOf(one.StartedBy)
		if !ours || one.Foreign {
			continue
		}
		running[key] = true
		why := r.orphaned(one, key, host)
		if why == "" {
			continue
		}
		did, err := r.stop(ctx, one, why)
		if err != nil {
			errs = append(errs, fmt.Errorf("task %s of %s: %w", task.ID(one.ARN), one.StartedBy, err))
		}
		if did {
			stopped++
		}
	}
	verb := "stopped"
	if r.DryRun {
		verb = "to stop"
	} else {
		errs = append(errs, r.forget(running, read, places[0]))
		for _, one := range r.Leftovers {
			errs = append(errs, one.Sweep(r.Now()))
		}
	}
	r.printf("%d tasks run in the cluster, %d %s", len(seen), stopped, verb)
	return errors.Join(errs...)
}

// places returns where tasks of this host may be: first where new ones are started, then where jobs have been started
// before fargate.toml was changed.
func (r *Reaper) places() ([]task.Place, error) {
	configured, err := r.Tasks.Place()
	if err != nil {
		return nil, err
	}
	places := []task.Place{configured.Or(configured)}
	keys, err := r.Store.Keys()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		known, err := r.Store.Load(key)
		if err != nil || known == nil {
			continue
		}
		if place := placeOf(known, places[0]); !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places, nil
}

func placeOf(known *state.Task, configured task.Place) task.Place {
	return task.Place{Region: known.Region, Cluster: known.Cluster}.Or(configured)
}

// survey returns the tasks of all these places, and which places it could read.
func (r *Reaper) survey(ctx context.Context, places []task.Place) ([]task.Listing, map[task.Place]bool, error) {
	var all []task.Listing
	var errs []error
	read := map[task.Place]bool{}
	for i, place := range places {
		seen, err := r.Tasks.Survey(ctx, place)
		if i > 0 && errors.Is(err, task.ErrNoCluster) {
			err = nil // Its last task has stopped before.
		}
		if err != nil && i > 0 {
			err = fmt.Errorf("cluster %s in %s, where jobs of this host were started: %w",
				place.Cluster, place.Region, err)
		}
		all, read[place] = append(all, seen...), err == nil
		errs = append(errs, err)
	}
	return all, read, errors.Join(errs...)
}

func (r *Reaper) stop(ctx context.Context, one task.Listing, why string) (bool, error) {
	if r.DryRun {
		r.printf("Would stop Fargate task %s of %s: %s", task.ID(one.ARN), one.StartedBy, why)
		return true, nil
	}
	did, err := r.Tasks.Stop(ctx, one.ARN, "left over: "+why)
	if did {
		r.printf("Stopped Fargate task %s of %s: %s", task.ID(one.ARN), one.StartedBy, why)
	}
	return did, err
}

// orphaned returns the reason why no live job owns the task, or "" where one does or may.
func (r *Reaper) orphaned(one task.Listing, key, host string) string {
	if one.Lease.Deadline.IsZero() {
		return "" // An early driver started it, which set no lease: reap cannot tell.
	}
	if r.Now().After(one.Lease.Deadline) {
		return "its job's time was over at " + one.Lease.Deadline.UTC().Format(time.RFC3339)
	}
	if one.Lease.Host != host {
		return "" // Before the deadline only that host knows.
	}
	known, err := r.Store.Load(key)
	switch {
	case err != nil:
		r.Log.Warn("cannot tell whether the job lives", "task", task.ID(one.ARN), "error", err)
		return ""
	case known == nil:
		return "its job is over"
	case known.Over:
		return "its job is over, and its clean-up did not stop it"
	case known.Runner.Ended():
		return "the runner process of its job has ended"
	case known.ARN != "" && known.ARN != one.ARN:
		return "its job has another task"
	}
	return ""
}

// forget removes the files of jobs that are over and have no task, as far as the read places show. Nobody else does
// where the runner has ended.
func (r *Reaper) forget(running map[string]bool, read map[task.Place]bool, configured task.Place) error {
	keys, err := r.Store.Keys()
	if err != nil {
		return err
	}
	// Each of these files may hold a private key.
	errs := []error{r.Store.Sweep(r.Now().Add(-consistencyWindow))}
	for _, key := range keys {
		if running[key] {
			continue // the next call finds it stopped
		}
		known, err := r.Store.Load(key)
		if err != nil || known == nil || !r.abandoned(known) || !read[placeOf(known, configured)] {
			continue
		}
		r.Log.Info("forgetting a job that is over", "state", key)
		errs = append(errs, r.Store.Remove(key))
	}
	return errors.Join(errs...)
}

// abandoned is true for a file that no driver will write again, and whose task, if any, ECS would have listed.
func (r *Reaper) abandoned(known *state.Task) bool {
	past := !known.Deadline.IsZero() && r.Now().After(known.Deadline)
	unseen := r.Now().Sub(known.IntendedAt) < consistencyWindow
	return !unseen && (past || known.Runner.Ended())
}

// consistencyWindow is longer than ECS ever takes to show a task that it has started.
const consistencyWindow = 5 * time.Minute

func (r *Reaper) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(r.Stdout, format+"\n", args...)
}
