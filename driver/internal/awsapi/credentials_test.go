package awsapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
