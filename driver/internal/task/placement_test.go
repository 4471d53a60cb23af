package task

import "testing"

func TestLacksCapacity(t *testing.T) {
	for reason, want := range map[string]bool{
		"Capacity is unavailable at this time. Please try again later or in a different availability zone": true,
		"TaskFailedToStart: Capacity is unavailable at this time.":                                         true,
		"RESOURCE:ENI": true,
		"SpotInterruption: Your Spot Task was interrupted.": true,
		"ResourceInitializationError: unable to pull secrets: not authorized to perform: ssm:GetParameters on " +
			"resource: arn:aws:ssm:eu-central-1:1": false,
		"You've reached the limit on the number of vCPUs you can run concurrently": false,
		"CannotPullContainerError: manifest unknown":                               false,
	} {
		if got := lacksCapacity(reason); got != want {
			t.Errorf("%q: got %t", reason, got)
		}
	}
}
