package ecstest

import (
	"net/http"
	"slices"
)

// LogEvent is a line of a container's log.
type LogEvent struct {
	// Timestamp is in milliseconds since 1970.
	Timestamp int64
	Message   string
}

// getLogEvents is the call of CloudWatch Logs. There is one group, and a stream for each key of Logs.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
func (s *Server) getLogEvents(w http.ResponseWriter, input map[string]any) {
	s.Lock()
	defer s.Unlock()
	stream, _ := input["logStreamName"].(string)
	all, has := s.Logs[stream]
	switch {
	case input["logGroupName"] != LogGroup:
		answerError(w, "ResourceNotFoundException", "The specified log group does not exist.")
		return
	case !has:
		answerError(w, "ResourceNotFoundException", "The specified log stream does not exist.")
		return
	}
	since, _ := input["startTime"].(float64)
	events := []any{}
	for _, event := range all {
		if event.Timestamp >= int64(since) {
			events = append(events, map[string]any{"timestamp": event.Timestamp, "message": event.Message})
		}
	}
	if limit, given := input["limit"].(float64); given && len(events) > int(limit) {
		if input["startFromHead"] == true {
			events = slices.Clone(events[:int(limit)])
		} else {
			events = events[len(events)-int(limit):]
		}
	}
	answer(w, map[string]any{"events": events, "nextForwardToken": "f/0", "nextBackwardToken": "b/0"})
}

// LogGroup is the one log group that there is.
const LogGroup = "tasks"
