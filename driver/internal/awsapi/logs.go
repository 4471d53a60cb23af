package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// Logs creates its client at the first call, as ECS does.
type Logs struct {
	// Client returns the same client each time.
	Client func() (*cloudwatchlogs.Client, error)
}

// GetLogEvents calls the client's method of that name.
func (l Logs) GetLogEvents(
	ctx context.Context, input *cloudwatchlogs.GetLogEventsInput, options ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.GetLogEventsOutput, error) {
	client, err := l.Client()
	if err != nil {
		return nil, err
	}
	return client.GetLogEvents(ctx, input, options...)
}
