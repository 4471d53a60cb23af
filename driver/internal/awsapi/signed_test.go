package awsapi

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestEndpointOfASignedRequest(t *testing.T) {
	request := Signed{Service: "ec2", Host: "ec2.eu-west-1.amazonaws.com"}
	const own, other = "http://127.0.0.1:1", "http://127.0.0.1:2"
	for _, test := range []struct {
		name     string
		variable string
		settings aws.Config
		want     string
	}{
		{"AWS's", "", aws.Config{}, "https://ec2.eu-west-1.amazonaws.com/"},
		{"of all services", "", aws.Config{BaseEndpoint: aws.String(other)}, other},
		{"the service's own", own, aws.Config{BaseEndpoint: aws.String(other)}, own},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL_EC2", test.variable)
			if got := request.endpoint(test.settings); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
