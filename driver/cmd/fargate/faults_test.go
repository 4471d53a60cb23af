package main

import "gitlab-fargate-runners/driver/internal/ecstest"

// exited is the job's container, ended.
func exited(code int, reason string) []any {
	return []any{map[string]any{"name": "ci-coordinator", "exitCode": code, "reason": reason}}
}

// failing lets each call of an action fail.
func failing(action, code string) func(*ecstest.Server) {
	return failingWhere(action, code, func(int) bool { return true })
}

// failingAt lets one call of an action fail, the first one by 1.
func failingAt(action string, number int, code string) func(*ecstest.Server) {
	return failingWhere(action, code, func(call int) bool { return call == number })
}

func failingWhere(action, code string, fails func(call int) bool) func(*ecstest.Server) {
	return func(s *ecstest.Server) {
		s.Lock()
		defer s.Unlock()
		s.Fail = func(called string, call int) string {
			if called == action && fails(call) {
				return code
			}
			return ""
		}
	}
}

// ends gives tasks that are to stop the states that looks at them find before STOPPED.
func (w *world) ends(states []string) {
	w.ecs.Lock()
	defer w.ecs.Unlock()
	w.ecs.Ending = states
}

// interruptSpot lets the next look at the task find that AWS has taken its spot capacity back.
func (w *world) interruptSpot() {
	w.ecs.Lock()
	defer w.ecs.Unlock()
	w.ecs.Script = []string{"STOPPED"}
	w.ecs.StopCode, w.ecs.StopReason = "SpotInterruption", "Your Spot Task was interrupted."
}

// muteForLooks lets the task's sshd say nothing before the driver has looked at the task so often.
func (w *world) muteForLooks(looks int) {
	w.sshd.Mute.Store(true)
	last := w.ecs.Calls("DescribeTasks") + looks
	w.ecs.Lock()
	defer w.ecs.Unlock()
	w.ecs.Fail = func(action string, call int) string {
		if action == "DescribeTasks" && call >= last {
			w.sshd.Mute.Store(false)
		}
		return ""
	}
}
