package metrics

import (
	"fmt"
	"slices"
	"time"
)

// Capacity is what prepare and cleanup learn about a job's tasks.
type Capacity struct {
	// Ready is the capacity of the task that has become ready, empty where none has.
	Ready string
	// Refused are the placements that lacked capacity before.
	Refused []Refused
	// Ended are the tasks that have ended in this call, or were stopped by it.
	Ended []Ended
}

// Refused is a placement that did not work.
type Refused struct {
	Capacity string
	// Why is capacity, or quota where the account's was used up.
	Why string
}

// Ended is a task that has ended.
type Ended struct {
	Capacity string
	// Start is the time from RunTask until the task ran, Pull that of pulling its images; 0 where neither is known.
	Start, Pull time.Duration
	// Interrupted tells that AWS had taken the capacity back.
	Interrupted bool
}

func (s *series) addCapacity(c Capacity) {
	label := func(capacity string) string { return fmt.Sprintf("capacity=%q", capacity) }
	if c.Ready != "" {
		elsewhere := func(r Refused) bool { return r.Capacity != c.Ready }
		fallback := slices.ContainsFunc(c.Refused, elsewhere)
		s.add("fargate_driver_tasks_ready_total", label(c.Ready)+fmt.Sprintf(`,fallback="%t"`, fallback), 1)
	}
	for _, refused := range c.Refused {
		s.add("fargate_driver_no_capacity_total", label(refused.Capacity)+fmt.Sprintf(",why=%q", refused.Why), 1)
	}
	for _, ended := range c.Ended {
		if ended.Interrupted {
			s.add("fargate_driver_interruptions_total", label(ended.Capacity), 1)
		}
		if ended.Start > 0 {
			s.observe("fargate_driver_task_start_seconds", label(ended.Capacity), readies, ended.Start)
		}
		if ended.Pull > 0 {
			s.observe("fargate_driver_image_pull_seconds", label(ended.Capacity), readies, ended.Pull)
		}
	}
}
