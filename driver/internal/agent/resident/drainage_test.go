package resident

import (
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/drain"
)

func TestDrainage(t *testing.T) {
	type look struct {
		reads, end int64
		blocked    bool
	}
	const own = 1000
	tests := map[string]struct {
		at   func(step int64) look
		want time.Duration
	}{
		"silent": {func(int64) look { return look{} }, drain.Idle},
		"output for two seconds": {func(step int64) look { return look{reads: min(step, 20)} },
			2*time.Second + drain.Idle},
		"output for ever": {func(step int64) look { return look{reads: step} }, drain.Max},
		// A log that is taken at one byte a step: the script's own output is waited for, however long that takes.
		"a late driver, then silence": {func(step int64) look { return look{reads: 1, end: step, blocked: step < own} },
			own*drainStep + drain.Idle},
		"a flood faster than the log": {func(step int64) look { return look{reads: step, end: 100 * step, blocked: true} },
			9*drainStep + drain.Max},
		"a flood that the log does not take": {func(int64) look { return look{end: own, blocked: true} }, drain.Max},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wait := drainage{own: own}
			for step := int64(1); step < 10_000; step++ {
				now := test.at(step)
				if !wait.over(now.reads, now.end, now.blocked) {
					continue
				}
				// The first look may find reads that came before it.
				if got := time.Duration(step) * drainStep; got < test.want || got > test.want+drainStep {
					t.Errorf("over after %s, want %s", got, test.want)
				}
				return
			}
			t.Error("never over")
		})
	}
}
