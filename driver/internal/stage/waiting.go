package stage

import (
	"time"
)

// What a job may wait for, as the record of its waits names it.
const (
	forSlot     = "slot"
	forCapacity = "capacity"
)

// budget is how long the job waits for something that comes by itself.
type budget struct {
	limit time.Duration
	until time.Time
}

func (b budget) left() time.Duration { return max(0, time.Until(b.until)) }

// budgetFor returns the budget of a wait that begins now, or began in an earlier call for this job: the runner calls
// prepare three times, and the limit is for all of them. All of a job's waits together last half of its timeout at most,
// so that it has time left for its work.
func (d *Driver) budgetFor(what string, limit time.Duration) budget {
	this, first, err := d.Waits.Began(d.Job.Key(), what)
	if err != nil {
		d.Log.Warn("the job's wait begins anew", "for", what, "error", err)
	}
	until := this.Add(limit)
	if half := d.Job.Timeout / 2; half > 0 && first.Add(half).Before(until) {
		until = first.Add(half)
	}
	return budget{limit: max(0, until.Sub(this)), until: until}
}

// waits writes down that the job waits from now on, for the calls after this one.
func (d *Driver) waits(what string) {
	if err := d.Waits.Begin(d.Job.Key(), what, d.deadline(time.Now())); err != nil {
		d.Log.Warn("a further try of prepare waits as long again", "for", what, "error", err)
	}
}

// Pauses between two lines about the same wait, which may last an hour.
const (
	firstLine  = 15 * time.Second
	rarestLine = 5 * time.Minute
)

// growing returns a function that prints its first line at once, and further ones at growing intervals.
func (d *Driver) growing() func(format string, args ...any) {
	next, pause := time.Time{}, firstLine
	return func(format string, args ...any) {
		if now := time.Now(); !now.Before(next) {
			next, pause = now.Add(pause), min(2*pause, rarestLine)
			d.printf(format, args...)
		}
	}
}
