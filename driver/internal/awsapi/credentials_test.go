package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
)

func TestPatient(t *testing.T) {
	late := fmt.Errorf("no EC2 IMDS role found, %w", &aws.RequestCanceledError{Err: context.DeadlineExceeded})
	for name, test := range map[string]struct {
		errs  []error
		asked int
		want  string
	}{
		"at once":                 {[]error{nil}, 1, ""},
		"late, twice":             {[]error{late, late, nil}, 3, ""},
		"there are none":          {[]error{errors.New("no EC2 IMDS role found"), nil}, 1, "no EC2 IMDS role found"},
		"late, then there are no": {[]error{late, errors.New("not found")}, 2, "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			found, err := Patient(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				asked++
				return aws.Credentials{AccessKeyID: "key"}, test.errs[asked-1]
			}), time.Minute).Retrieve(t.Context())
			if asked != test.asked || (err == nil) != (test.want == "") || err == nil && found.AccessKeyID != "key" ||
				err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("asked %d times, got %v, %v", asked, found, err)
			}
		})
	}
	t.Run("gives up", func(t *testing.T) {
		_, err := Patient(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, late
		}), time.Millisecond).Retrieve(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// A busy host's metadata service answers after longer than the SDK's own half second.
func TestUnhurriedHostRole(t *testing.T) {
	requests := make(chan string, 10)
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r.Method + " " + r.URL.Path
		time.Sleep(700 * time.Millisecond)
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
		answer := map[string]string{
			"PUT /latest/api/token":                           "token",
			"GET /latest/meta-data/iam/security-credentials/": "host",
			"GET /latest/meta-data/iam/security-credentials/host": `{"Code":"Success","AccessKeyId":"key",` +
				`"SecretAccessKey":"secret","Token":"session","Expiration":"2100-01-01T00:00:00Z"}`,
		}[r.Method+" "+r.URL.Path]
		_, _ = io.WriteString(w, answer)
	}))
	defer metadata.Close()
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.URL, "AWS_EC2_METADATA_DISABLED": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
	} {
		t.Setenv(name, value)
	}
	loaded, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion("eu-central-1"), UnhurriedHostRole())
	if err != nil {
		t.Fatal(err)
	}
	found, err := loaded.Credentials.Retrieve(t.Context())
	if err != nil || found.AccessKeyID != "key" {
		t.Fatalf("got %v, %v", found, err)
	}
	if len(requests) != 3 {
		t.Errorf("%d requests for a token, the role and its credentials", len(requests))
	}
}
