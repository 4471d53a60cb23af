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

// Source is where entries come from; *Journal is one.
type Source interface {
	// Follow hands over each entry after the cursor until ctx ends, and nil is returned then.
	Follow(ctx context.Context, cursor string, take func(Entry) error) error
}

// Shipper copies a source to a log stream. Each entry arrives, and in order. A kill between CloudWatch's answer and the
// write of the cursor makes the last batch arrive twice: PutLogEvents knows no token by which it could tell.
type Shipper struct {
	Source        Source
	Logs          Logs
	Group, Stream string
	// Directory takes the cursor.
	Directory string
	// Gather is how long the first entry of a batch waits for more.
	Gather time.Duration
	// Retry is the first pause after a failed call; it grows to MaxRetry.
	Retry, MaxRetry time.Duration
	Log             *slog.Logger
}

// lastTry is how long what is gathered may take to be sent once ctx has ended; what is left comes after the next start.
const lastTry = 5 * time.Second

// Run copies until ctx ends, and returns nil then.
func (s *Shipper) Run(ctx context.Context) error {
	file := cursorFile(filepath.Join(s.Directory, "cursor"))
	cursor, err := file.load()
	if err != nil {
		return err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	// Nothing is read ahead: what CloudWatch does not take yet stays in the journal.
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

// unlessOver is nil where the end was wanted.
func (s *Shipper) unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// put tries until CloudWatch has taken the events, or ctx ends.
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
			// It would be refused for ever, and everything after it be held up.
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
