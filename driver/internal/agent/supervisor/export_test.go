package supervisor

import (
	"os"

	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// TellLastWords is tellLastWords.
func (s *RunningScript) TellLastWords(path string, signals <-chan os.Signal) {
	s.tellLastWords(path, signals)
}

// Send is send.
func (s *RunningScript) Send(to *wire.Writer, offset int64, stopped func() bool) error {
	return s.send(to, offset, stopped)
}

// Held is how many bytes of memory the chunks take.
func (s *Spool) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return (len(s.chunks) + len(s.spare)/chunkSize) * chunkSize
}
