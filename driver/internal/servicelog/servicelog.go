// Package servicelog reads the last lines that a container of a task has logged, from CloudWatch Logs.
package servicelog

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"gitlab-fargate-runners/driver/internal/printable"
)

// Bounds of what one reading returns. A job's log is for the job.
const (
	MostLines = 50
	MostBytes = 16 << 10
)

// API is the part of CloudWatch Logs that is needed; *cloudwatchlogs.Client has it.
type API interface {
	GetLogEvents(
		context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options),
	) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// Stream is where ECS sends a container's output.
type Stream struct{ Region, Group, Name string }

// Lines are the end of a log.
type Lines struct {
	// Text has no control characters.
	Text []string
	// Until is the time of the last one, in milliseconds since 1970; 0 where there is none.
	Until int64
}

// Last returns the last lines of the stream that are later than since, in milliseconds since 1970.
func Last(ctx context.Context, api API, stream Stream, since int64) (Lines, error) {
	input := &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(stream.Group), LogStreamName: aws.String(stream.Name), Limit: aws.Int32(MostLines),
		StartFromHead: aws.Bool(false),
	}
	if since > 0 {
		input.StartTime = aws.Int64(since + 1)
	}
	events, err := newest(ctx, api, input, stream.Region)
	lines := Lines{}
	for _, event := range events {
		lines.Until = max(lines.Until, aws.ToInt64(event.Timestamp))
		for line := range strings.SplitSeq(strings.TrimRight(aws.ToString(event.Message), "\r\n"), "\n") {
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

func newest(
	ctx context.Context, api API, input *cloudwatchlogs.GetLogEventsInput, region string,
) ([]types.OutputLogEvent, error) {
	for range emptyPages {
		output, err := api.GetLogEvents(ctx, input, func(options *cloudwatchlogs.Options) {
			if region != "" {
				options.Region = region
			}
		})
		if err != nil {
			return nil, err
		}
		next := aws.ToString(output.NextBackwardToken)
		if len(output.Events) > 0 || next == "" || next == aws.ToString(input.NextToken) {
			return output.Events, nil
		}
		input.NextToken = aws.String(next)
	}
	return nil, nil
}

// Patiently is Last, repeated until there are lines or the limit is over: ECS hands on what a container has just written
// some seconds later, and makes the stream with the first line.
func Patiently(ctx context.Context, api API, stream Stream, since int64, limit time.Duration) (lines Lines, err error) {
	deadline := time.Now().Add(limit)
	for {
		lines, err = Last(ctx, api, stream, since)
		var missing *types.ResourceNotFoundException
		if errors.As(err, &missing) {
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
