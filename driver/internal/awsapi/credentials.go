package awsapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/cenkalti/backoff/v5"
)

// Pauses between two requests for credentials, with jitter.
const firstPause, longestPause = 200 * time.Millisecond, 2 * time.Second

// How long the instance metadata service may take. The SDK gives it 250 ms to connect, 500 ms to answer and five seconds
// in all, so that programs outside of EC2 learn soon that there is none. On a host whose processors are all taken, each
// attempt would come too late by that.
const metadataConnects, metadataAnswers = 2 * time.Second, 5 * time.Second

// UnhurriedHostRole makes the SDK wait for the host's credentials as long as a busy host may need.
func UnhurriedHostRole() awsconfig.LoadOptionsFunc {
	return awsconfig.WithEC2RoleCredentialOptions(func(role *ec2rolecreds.Options) {
		options := imds.Options{
			HTTPClient: &http.Client{Transport: &http.Transport{
				DialContext:           (&net.Dialer{Timeout: metadataConnects}).DialContext,
				ResponseHeaderTimeout: metadataAnswers,
			}},
			DisableDefaultTimeout: true,
		}
		// A client that does not come from a configuration reads the address from the environment, and not this.
		if mode := os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"); mode != "" {
			_ = options.EndpointMode.SetFromString(mode)
		}
		role.Client = imds.New(options)
	})
}

// Patient returns credentials that ask again, for as long as the given time, where no answer came in time. A host that
// starts many jobs at once is slow to ask, or throttled.
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
