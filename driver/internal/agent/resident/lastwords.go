package resident

import "os"

// lastWords is where the image's entry point puts what the job's log is to say once ECS has told the task to stop. It
// sends SIGTERM to the agent then.
const lastWords = "/run/ci-task-stops"

// tellLastWords has the stage that runs tell them. A signal of the job's own changes nothing, as there is no text.
func (s *Server) tellLastWords() {
	for _, stage := range s.running() {
		stage.tellLastWords(s.lastWords)
	}
}

// tellLastWords adds the text at path to the stage's output, where nobody has told it before.
func (s *Stage) tellLastWords(path string) {
	text, err := os.ReadFile(path)
	// Whoever renames it tells it: each of a task's containers may have an agent.
	if err != nil || os.Rename(path, path+".told") != nil {
		return
	}
	s.tell(append([]byte("\n"), text...))
}
