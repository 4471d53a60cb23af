package supervisor

import (
	"os"
)

// LastWords is where the image's entry point puts what the job's log is to say once ECS has told the task to stop. It
// sends SIGTERM then.
const LastWords = "/run/ci-task-stops"

// tellLastWords adds the text at path to the stage's output, once in a job: at the stage's begin, or when a signal comes. A
// signal of the job's own changes nothing, as there is no text.
func (s *RunningScript) tellLastWords(path string, signals <-chan os.Signal) {
	for ; !s.ended(); <-signals {
		text, err := os.ReadFile(path)
		// Whoever renames it tells it: two stages that hear the signal must not both do.
		if err == nil && os.Rename(path, path+".told") == nil {
			_, _ = s.spool.Write(append([]byte("\n"), text...))
		}
	}
}
