package resident

import "sync"

// chunkSize is how much memory the spool allocates and frees at a time.
const chunkSize = 64 << 10

// inFlight is how many bytes the agent sends before the driver acknowledges them. The driver keeps them in memory
// while its log is slow; SSH's own window would allow 2 MiB. It is much more than a driver takes before it
// acknowledges.
const inFlight = 512 << 10

// Spool holds the output that the driver has not acknowledged, up to a limit. It is in memory: a job that fills its
// disk loses no log by it, and the file system may be read-only.
type Spool struct {
	mu      sync.Mutex
	changed *sync.Cond
	// All chunks but the last are full. The first one begins at offset first.
	chunks [][]byte
	first  int64
	spare  []byte

	limit      int64
	acked, end int64
	sealed     bool
	// blocked is true while a writer waits for room.
	blocked bool
}

// NewSpool returns a spool that holds at most limit bytes, and up to two chunks more.
func NewSpool(limit int64) *Spool {
	s := &Spool{limit: limit}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// Write appends p and blocks while there is no room. A sealed spool discards everything.
func (s *Spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := len(p)
	for len(p) > 0 {
		for !s.sealed && s.end-s.acked >= s.limit {
			s.blocked = true
			s.changed.Wait()
		}
		s.blocked = false
		if s.sealed {
			break
		}
		room := min(int64(len(p)), s.limit-(s.end-s.acked))
		n := s.append(p[:room])
		p = p[n:]
		s.changed.Broadcast()
	}
	return total, nil
}

// append fills the last chunk and returns how many bytes of p it took.
func (s *Spool) append(p []byte) int {
	if last := len(s.chunks) - 1; last < 0 || len(s.chunks[last]) == chunkSize {
		chunk := s.spare
		s.spare = nil
		if chunk == nil {
			chunk = make([]byte, 0, chunkSize)
		}
		s.chunks = append(s.chunks, chunk[:0])
	}
	last := &s.chunks[len(s.chunks)-1]
	n := min(len(p), chunkSize-len(*last))
	*last = append(*last, p[:n]...)
	s.end += int64(n)
	return n
}

// Read copies the bytes at offset, and waits until there are any. It returns 0 when no more will come, or when stopped
// returns true; Wake makes Read call it.
func (s *Spool) Read(into []byte, offset int64, stopped func() bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for (offset >= s.end && !s.sealed || offset-s.acked >= inFlight) && !stopped() {
		s.changed.Wait()
	}
	if offset >= s.end || offset < s.first || stopped() {
		return 0
	}
	index := (offset - s.first) / chunkSize
	return copy(into, s.chunks[index][(offset-s.first)%chunkSize:])
}

// Holds tells whether a session can resume at offset.
func (s *Spool) Holds(offset int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return offset >= s.acked && offset <= s.end
}

// Ack discards what lies before offset.
func (s *Spool) Ack(offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if offset <= s.acked || offset > s.end {
		return
	}
	s.acked = offset
	for len(s.chunks) > 0 && s.acked >= s.first+int64(len(s.chunks[0])) && (len(s.chunks[0]) == chunkSize || s.sealed) {
		s.first += int64(len(s.chunks[0]))
		s.spare = s.chunks[0]
		s.chunks[0] = nil
		s.chunks = s.chunks[1:]
	}
	s.changed.Broadcast()
}

// Seal ends the output and returns its length.
func (s *Spool) Seal() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = true
	s.changed.Broadcast()
	return s.end
}

// Wake makes waiting readers check whether they are stopped.
func (s *Spool) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

// Written returns the length of the output so far, and whether a writer waits for room.
func (s *Spool) Written() (end int64, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end, s.blocked
}
