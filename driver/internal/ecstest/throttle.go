package ecstest

import (
	"net/http"
	"net/http/httptest"
	"time"
)

// Bucket is a token bucket: Burst calls at once, and Rate calls a second on average.
type Bucket struct {
	Burst, Rate float64

	tokens float64
	filled time.Time
}

// take tells whether there was a token.
func (b *Bucket) take(now time.Time) bool {
	if b.filled.IsZero() {
		b.tokens = b.Burst
	} else {
		b.tokens = min(b.Burst, b.tokens+b.Rate*now.Sub(b.filled).Seconds())
	}
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Throttle gives the server the buckets of an account on AWS, which all calls of the account and region share. Fargate
// throttles RunTask besides, spot and on-demand capacity apart.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
func (s *Server) Throttle() {
	s.Lock()
	defer s.Unlock()
	modify, read := &Bucket{Burst: 100, Rate: 40}, &Bucket{Burst: 100, Rate: 20}
	s.buckets = map[string][]*Bucket{
		"RunTask": {modify, {Burst: 100, Rate: 20}}, "StopTask": {modify}, "DescribeTasks": {read}, "ListTasks": {read},
	}
}

// Throttled returns how many calls of an action were throttled.
func (s *Server) Throttled(action string) int {
	s.Lock()
	defer s.Unlock()
	return s.throttled[action]
}

// throttles tells whether a call finds an empty bucket. The caller holds the lock.
func (s *Server) throttles(action string) bool {
	for _, bucket := range s.buckets[action] {
		if !bucket.take(time.Now()) {
			s.throttled[action]++
			return true
		}
	}
	return false
}

// RoundTrip answers without a network, after Latency, for tests whose clock is not the system's.
func (s *Server) RoundTrip(request *http.Request) (*http.Response, error) {
	time.Sleep(s.Latency)
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	response := recorder.Result()
	response.Request = request
	return response, nil
}
