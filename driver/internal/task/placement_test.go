package task

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/job"
)

// drawn returns the placements of a job among these providers, in one subnet.
func drawn(lot Lot, fallback bool, providers ...config.CapacityProvider) []string {
	t := Tasks{Config: config.Fargate{
		CapacityProviders: providers, OnDemandFallback: fallback, Subnets: []string{"subnet-1"},
	}}
	var names []string
	for _, placement := range t.Placements(lot) {
		names = append(names, placement.Name)
	}
	return names
}

var spot4 = []config.CapacityProvider{{Name: "FARGATE_SPOT", Weight: 4}, {Name: "FARGATE", Weight: 1}}

// The share holds over the jobs of a busy day, whose ids follow each other.
func TestFourOfFiveJobsAreOnSpot(t *testing.T) {
	const jobs = 5000
	first := map[string]int{}
	for id := range jobs {
		one, err := job.Load(func(name string) string {
			return map[string]string{"CUSTOM_ENV_CI_JOB_ID": fmt.Sprint(id + 1), "CUSTOM_ENV_CI_JOB_TOKEN": "token"}[name]
		}, "host")
		if err != nil {
			t.Fatal(err)
		}
		first[drawn(Lot{Number: one.Lot()}, true, spot4...)[0]]++
	}
	share := float64(first["FARGATE_SPOT capacity"]) / jobs
	// Three standard deviations of 5000 draws are 0.017.
	if math.Abs(share-0.8) > 0.017 || first["FARGATE_SPOT capacity"]+first["FARGATE capacity"] != jobs {
		t.Errorf("%v, a share of %.3f", first, share)
	}
}

func TestPlacements(t *testing.T) {
	based := []config.CapacityProvider{{Name: "FARGATE_SPOT", Weight: 1}, {Name: "FARGATE", Base: 2}}
	running := func(tasks int) func() map[string]int {
		return func() map[string]int { return map[string]int{"FARGATE": tasks} }
	}
	for name, test := range map[string]struct {
		lot       Lot
		fallback  bool
		providers []config.CapacityProvider
		want      []string
	}{
		"no provider":             {want: []string{"on-demand capacity"}},
		"the lot falls on spot":   {Lot{Number: 3}, true, spot4, []string{"FARGATE_SPOT capacity", "FARGATE capacity"}},
		"the lot falls on demand": {Lot{Number: 4}, true, spot4, []string{"FARGATE capacity", "FARGATE_SPOT capacity"}},
		"the base is not reached": {Lot{Running: running(1)}, false, based,
			[]string{"FARGATE capacity", "FARGATE_SPOT capacity"}},
		"the base is reached": {Lot{Running: running(2)}, false, based, []string{"FARGATE_SPOT capacity"}},
		"on demand where the base is reached": {Lot{Running: running(2)}, true, based,
			[]string{"FARGATE_SPOT capacity", "on-demand capacity"}},
		"a provider of one's own": {Lot{Number: 7}, true, []config.CapacityProvider{{Name: "managed", Weight: 1}},
			[]string{"managed capacity", "on-demand capacity"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, drawn(test.lot, test.fallback, test.providers...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
