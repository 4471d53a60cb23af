package awsapi

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cenkalti/backoff/v5"
)

// Pauses between two requests for credentials, with jitter.
const firstPause, longestPause = 200 * time.Millisecond, 2 * time.Second

// Patient returns credentials that ask again, for as long as the given time, where no answer came in time. The SDK gives
// the instance metadata service five seconds, and a host that starts many jobs at once is slow to ask, or throttled.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html#instancedata-throttling
func Patient(credentials aws.CredentialsProvider, within time.Duration) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		return backoff.Retry(ctx, func() (aws.Credentials, error) {
			found, err := credentials.Retrieve(ctx)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				err = backoff.Permanent(err)
			}
			return found, err
		},
			backoff.WithMaxElapsedTime(within),
			backoff.WithBackOff(&backoff.ExponentialBackOff{
				InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 2, RandomizationFactor: 0.5,
			}),
		)
	})
}
