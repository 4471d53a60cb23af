package registry

import (
	"strings"

	"gitlab-fargate-runners/driver/internal/failure"
)

// Trouble returns why no task can have the image, nil where nothing speaks against it. what names the image in the job's
// log, as in "the job's image node:24". It is the job's own failure.
func (f Found) Trouble(what, architecture string) error {
	var told *failure.Failure
	switch f.Outcome {
	case Absent:
		told = failure.New("Check its name and tag.", "%s is not there: %s answers %q", what, f.Registry, f.Reason)
	case NoPlatform:
		told = failure.New("Choose an image that has it, or tasks of another architecture where the runner allows some.",
			"%s is not for linux/%s, which the task is: it is for %s", what, architecture, strings.Join(f.Platforms, ", "))
	case Private:
		told = failure.New("Make the image public, or put it into ECR where the task's execution role may pull it, or behind a "+
			"pull-through cache of ECR.",
			"%s cannot be pulled: %s lets in nobody but the job's own credentials, which Fargate does not have", what, f.Registry)
	default:
		return nil
	}
	told.Build = true
	return told
}
