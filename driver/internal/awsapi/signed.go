package awsapi

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Signed is one request of a service whose SDK package the driver does not have: the host compiles the driver, and
// compiling a large one takes more memory than the host has: the SDK's EC2 package 2.7 GB and a minute.
type Signed struct {
	// Service is the service's name in signatures, such as ec2.
	Service string
	// Name ends the name of AWS_ENDPOINT_URL_…. Empty: Service in upper case.
	Name string
	// Region is the region that is asked, Host the API's name there.
	Region, Host string
	Headers      map[string]string
	Body         string
}

// Answer is what a service answers, with whatever status.
type Answer struct {
	Status    int
	Content   []byte
	RequestID string
}

// Send makes one attempt of the request. It finds the endpoint as the SDK's clients do.
func (s Signed) Send(ctx context.Context, settings aws.Config) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint(settings), strings.NewReader(s.Body))
	if err != nil {
		return Answer{}, err
	}
	for name, value := range s.Headers {
		request.Header.Set(name, value)
	}
	credentials, err := settings.Credentials.Retrieve(ctx)
	if err != nil {
		return Answer{}, err
	}
	hash := sha256.Sum256([]byte(s.Body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), s.Service, s.Region,
		time.Now()); err != nil {
		return Answer{}, err
	}
	// The configuration's client, which believes the authorities of AWS_CA_BUNDLE.
	client := settings.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	return Answer{answer.StatusCode, content, answer.Header.Get("X-Amzn-Requestid")}, err
}

func (s Signed) endpoint(settings aws.Config) string {
	if own := os.Getenv("AWS_ENDPOINT_URL_" + cmp.Or(s.Name, strings.ToUpper(s.Service))); own != "" {
		return own
	}
	if settings.BaseEndpoint != nil {
		return *settings.BaseEndpoint
	}
	return "https://" + s.Host + "/"
}
