// Package publicip looks up the public address of a network interface.
//
// It signs EC2's one call DescribeNetworkInterfaces itself (awsapi.Signed).
package publicip

import (
	"context"
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cenkalti/backoff/v5"

	"gitlab-fargate-runners/driver/internal/awsapi"
	"gitlab-fargate-runners/driver/internal/failure"
)

// Client asks EC2 in the configuration's region.
type Client struct {
	// Client calls Config for each request.
	Config func() (aws.Config, error)
	// Attempts is how often the client tries a request that EC2 throttles or that gets no answer.
	Attempts int
	Log      *slog.Logger
}

type response struct {
	Interfaces []struct {
		Association struct {
			PublicIP string `xml:"publicIp"`
		} `xml:"association"`
	} `xml:"networkInterfaceSet>item"`
}

const requestTimeout = 15 * time.Second

// Pauses between two attempts, with jitter.
const firstPause, longestPause = 200 * time.Millisecond, 5 * time.Second

// PublicAddress returns "" while the interface has no public address.
func (c *Client) PublicAddress(ctx context.Context, networkInterface string) (string, error) {
	form := url.Values{
		"Action": {"DescribeNetworkInterfaces"}, "Version": {"2016-11-15"}, "NetworkInterfaceId.1": {networkInterface},
	}
	number := 0
	content, err := backoff.Retry(ctx, func() ([]byte, error) {
		number++
		started := time.Now()
		content, requestID, err := c.post(ctx, form.Encode())
		awsapi.Attempted(c.Log, awsapi.Attempt{
			Action: "ec2:DescribeNetworkInterfaces", Number: number, Duration: time.Since(started),
			RequestID: requestID, Err: err,
		})
		if refused := new(refusal); errors.As(err, &refused) && !refused.passes() {
			return nil, backoff.Permanent(err)
		}
		return content, err
	},
		backoff.WithMaxTries(uint(max(c.Attempts, 1))),
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 2, RandomizationFactor: 0.5,
		}),
	)
	if err != nil {
		return "", explain(networkInterface, err)
	}
	var answer response
	if err := xml.Unmarshal(content, &answer); err != nil {
		return "", failure.Wrap(err, "", "reading EC2's answer failed")
	}
	if len(answer.Interfaces) == 0 {
		return "", nil
	}
	return answer.Interfaces[0].Association.PublicIP, nil
}

// post makes one attempt. It returns *refusal for an answer other than 200.
func (c *Client) post(ctx context.Context, body string) (content []byte, requestID string, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	settings, err := c.Config()
	if err != nil {
		return nil, "", err
	}
	answer, err := awsapi.Signed{
		Service: "ec2", Region: settings.Region, Host: awsapi.HostOf("ec2", settings.Region), Body: body,
		Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
	}.Send(ctx, settings)
	if err == nil && answer.Status != http.StatusOK {
		err = newRefusal(answer.Status, answer.Content)
	}
	return answer.Content, answer.RequestID, err
}
