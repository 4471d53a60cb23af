package shiplog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/cenkalti/backoff/v5"
)

// Logs is the part of CloudWatch Logs that a shipper needs; *cloudwatchlogs.Client has it.
type Logs interface {
	CreateLogStream(
		context.Context, *cloudwatchlogs.CreateLogStreamInput, ...func(*cloudwatchlogs.Options),
	) (*cloudwatchlogs.CreateLogStreamOutput, error)
	PutLogEvents(
		context.Context, *cloudwatchlogs.PutLogEventsInput, ...func(*cloudwatchlogs.Options),
	) (*cloudwatchlogs.PutLogEventsOutput, error)
}

// Source is the origin of the entries; *Journal is one.
type Source interface {
	// Follow hands over each entry after the cursor until ctx ends, and then returns nil.
	Follow(ctx context.Context, cursor string, take func(Entry) error) error
}

// Shipper copies a source to a log stream. Each entry arrives, and in order. When the shipper is killed after
// CloudWatch's answer and before it has written the cursor, the last batch arrives twice: PutLogEvents has no token
// that would prevent it.
type Shipper struct {
	Source        Source
	Logs          Logs
	Group, Stream string
	// Directory holds the cursor.
	Directory string
	// Gather is how long the shipper waits for more entries after the first one of a batch.
	Gather time.Duration
	// Retry is the first pause after a failed call; it grows to MaxRetry.
	Retry, MaxRetry time.Duration
	Log             *slog.Logger
}

// lastTry is how long the shipper may take to send its last batch once ctx has ended. It sends the rest after its next
// start.
const lastTry = 5 * time.Second

// Run copies until ctx ends, and then returns nil.
func (s *Shipper) Run(ctx context.Context) error {
	file := cursorFile(filepath.Join(s.Directory, "cursor"))
	cursor, err := file.load()
	if err != nil {
		return err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	// The channel has no buffer: the journal keeps what CloudWatch does not take yet.
	events := make(chan Event)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Source.Follow(following, cursor, func(entry Entry) error {
			cut, err := entry.Events()
			if err != nil {
				return err
			}
			for _, event := range cut {
				select {
				case events <- event:
				case <-following.Done():
					return following.Err()
				}
			}
			return nil
		})
	}()

	var batch Batch
	var due <-chan time.Time
	send := func(ctx context.Context) error {
		sent := batch
		batch, due = Batch{}, nil
		if len(sent.Events) == 0 {
			return nil
		}
		if err := s.put(ctx, sent.Events); err != nil {
			return err
		}
		if sent.Cursor == "" {
			return nil
		}
		return file.save(sent.Cursor)
	}
	for {
		select {
		case event := <-events:
			if !batch.Add(event) {
				if err := send(ctx); err != nil {
					return s.unlessOver(ctx, err)
				}
				batch.Add(event)
			}
			if due == nil {
				due = time.After(s.Gather)
			}
		case <-due:
			if err := send(ctx); err != nil {
				return s.unlessOver(ctx, err)
			}
		case err := <-ended:
			final, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTry)
			defer cancel()
			if left := send(final); left != nil {
				s.Log.Warn("the last entries are sent after the next start", "error", left)
			}
			return s.unlessOver(ctx, err)
		}
	}
}

// unlessOver returns nil where ctx has ended, because the end was wanted.
func (s *Shipper) unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// put repeats the call until CloudWatch has taken the events, or ctx ends.
func (s *Shipper) put(ctx context.Context, events []Event) error {
	input := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String(s.Group), LogStreamName: aws.String(s.Stream)}
	for _, event := range events {
		input.LogEvents = append(input.LogEvents, types.InputLogEvent{
			Message: aws.String(event.Message), Timestamp: aws.Int64(event.Time.UnixMilli()),
		})
	}
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: s.Retry, MaxInterval: s.MaxRetry, Multiplier: 2, RandomizationFactor: 0.2,
	}
	pauses.Reset()
	for {
		output, err := s.Logs.PutLogEvents(ctx, input)
		if err == nil {
			if rejected := output.RejectedLogEventsInfo; rejected != nil {
				s.Log.Warn("CloudWatch Logs refused events for their age", "of", len(events))
			}
			return nil
		}
		var missing *types.ResourceNotFoundException
		var invalid *types.InvalidParameterException
		switch {
		case errors.As(err, &missing):
			if err = s.createStream(ctx); err == nil {
				continue
			}
		case errors.As(err, &invalid):
			// CloudWatch would refuse these events for ever, and they would hold up all that follow.
			s.Log.Error("CloudWatch Logs refused events, which are left out", "events", len(events), "error", err)
			return nil
		}
		pause := pauses.NextBackOff()
		s.Log.Warn("sending the log failed, trying again", "in", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("sending the log: %w", err)
		}
	}
}

func (s *Shipper) createStream(ctx context.Context) error {
	_, err := s.Logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{
		LogGroupName: aws.String(s.Group), LogStreamName: aws.String(s.Stream),
	})
	var there *types.ResourceAlreadyExistsException
	if errors.As(err, &there) {
		return nil
	}
	return err
}
