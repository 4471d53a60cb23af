package publicip

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// An endpoint behind a company's own authority is believed where AWS_CA_BUNDLE names that, as by the SDK's clients.
func TestTheConfigurationsOwnClientIsUsed(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<DescribeNetworkInterfacesResponse/>`)
	}))
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	for _, test := range []struct {
		client   aws.HTTPClient
		believed bool
	}{{server.Client(), true}, {nil, false}} {
		settings := aws.Config{
			Region: "eu-west-1", BaseEndpoint: &server.URL, HTTPClient: test.client,
			Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		}
		client := &Client{Config: func() (aws.Config, error) { return settings, nil }, Attempts: 1,
			Log: slog.New(slog.DiscardHandler)}
		if _, err := client.PublicAddress(t.Context(), "eni-1"); (err == nil) != test.believed {
			t.Errorf("believed %v: %v", test.believed, err)
		}
	}
}
