package resident

// Held is how many bytes of memory the chunks take.
func (s *Spool) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return (len(s.chunks) + len(s.spare)/chunkSize) * chunkSize
}
