// Package servicelog reads the last lines that a container of a task has logged, from CloudWatch Logs.
package servicelog

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"gitlab-fargate-runners/driver/internal/printable"
)

// Bounds of what one reading returns. A job's log is for the job.
const (
	MostLines = 50
	MostBytes = 16 << 10
)

// API is the part of CloudWatch Logs that is needed; Client has it.
type API interface {
	GetLogEvents(ctx context.Context, region string, query Query) (Page, error)
}

// Query asks for the newest events of a stream, or for those before a page.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
type Query struct {
	Group  string `json:"logGroupName"`
	Stream string `json:"logStreamName"`
	Limit  int    `json:"limit"`
	// From is the earliest time, in milliseconds since 1970; 0 sets no bound.
	From int64 `json:"startTime,omitempty"`
	// Before is a page's token.
	Before string `json:"nextToken,omitempty"`
	// FromHead is false, which is not the default.
	FromHead bool `json:"startFromHead"`
}

// Page is a part of a stream.
type Page struct {
	Events []Event `json:"events"`
	// Before is the token of the page before this one.
	Before string `json:"nextBackwardToken"`
}

// Event is what a container has written at once, mostly a line.
type Event struct {
	// At is in milliseconds since 1970.
	At      int64  `json:"timestamp"`
	Message string `json:"message"`
}

// Stream is where ECS sends a container's output.
type Stream struct{ Region, Group, Name string }

// Lines are the end of a log.
type Lines struct {
	// Text has no control characters.
	Text []string
	// Until is where the log has been read to.
	Until Mark
}

// Mark is a place in a log. CloudWatch may still get events of the same millisecond.
type Mark struct {
	// At is the time of the last event, in milliseconds since 1970; 0 where there is none. Events is how many it has been.
	At     int64
	Events int
}

// Last returns the last lines of the stream that are later than since.
func Last(ctx context.Context, api API, stream Stream, since Mark) (Lines, error) {
	events, err := newest(ctx, api, stream.Region,
		Query{Group: stream.Group, Stream: stream.Name, Limit: MostLines, From: since.At})
	lines, told := Lines{Until: since}, since.Events
	for _, event := range events {
		if event.At == since.At && told > 0 {
			told--
			continue
		}
		if event.At > lines.Until.At {
			lines.Until = Mark{At: event.At}
		}
		if event.At == lines.Until.At {
			lines.Until.Events++
		}
		for line := range strings.SplitSeq(strings.TrimRight(event.Message, "\r\n"), "\n") {
			lines.Text = append(lines.Text, printable.Of(strings.ReplaceAll(line, "\t", " ")))
		}
	}
	lines.Text = end(lines.Text)
	return lines, err
}

// emptyPages is how many pages without an event the newest ones may be behind: CloudWatch may answer with such a page
// though there are some.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
const emptyPages = 5

func newest(ctx context.Context, api API, region string, query Query) ([]Event, error) {
	for range emptyPages {
		page, err := api.GetLogEvents(ctx, region, query)
		if err != nil {
			return nil, err
		}
		if len(page.Events) > 0 || page.Before == "" || page.Before == query.Before {
			return page.Events, nil
		}
		query.Before = page.Before
	}
	return nil, nil
}

// Patiently is Last, repeated until there are lines or the limit is over: ECS hands on what a container has just written
// some seconds later, and makes the stream with the first line.
func Patiently(ctx context.Context, api API, stream Stream, since Mark, limit time.Duration) (lines Lines, err error) {
	deadline := time.Now().Add(limit)
	for {
		lines, err = Last(ctx, api, stream, since)
		var api smithy.APIError
		if errors.As(err, &api) && api.ErrorCode() == "ResourceNotFoundException" {
			err = nil
		}
		if len(lines.Text) > 0 || err != nil || !time.Now().Before(deadline) {
			return lines, err
		}
		select {
		case <-ctx.Done():
			return Lines{}, context.Cause(ctx)
		case <-time.After(min(pause, time.Until(deadline))):
		}
	}
}

const pause = time.Second

// end cuts lines off at the beginning until the rest is within the bounds.
func end(lines []string) []string {
	bytes, first := 0, len(lines)
	for first > 0 && len(lines)-first < MostLines {
		line := lines[first-1]
		if bytes += len(line) + 1; bytes > MostBytes {
			if first == len(lines) { // the last line alone is longer
				return []string{strings.ToValidUTF8(line[:MostBytes], "")}
			}
			break
		}
		first--
	}
	return lines[first:]
}
