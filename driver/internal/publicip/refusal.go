package publicip

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"

	"gitlab-fargate-runners/driver/internal/failure"
)

// refusal is an answer of EC2 that refuses the request.
type refusal struct {
	status int
	// code is EC2's error code, or the HTTP status where the answer has none.
	code, message string
}

type errorResponse struct {
	Errors []struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
	} `xml:"Errors>Error"`
}

func newRefusal(status int, content []byte) *refusal {
	var answer errorResponse
	if xml.Unmarshal(content, &answer) != nil || len(answer.Errors) == 0 {
		return &refusal{status: status, code: strconv.Itoa(status), message: http.StatusText(status)}
	}
	return &refusal{status: status, code: answer.Errors[0].Code, message: answer.Errors[0].Message}
}

// passes tells whether another attempt may help.
func (r *refusal) passes() bool {
	return r.status >= http.StatusInternalServerError || r.throttled()
}

func (r *refusal) throttled() bool {
	return r.code == "RequestLimitExceeded" || strings.Contains(r.code, "Throttl")
}

var _ smithy.APIError = (*refusal)(nil)

func (r *refusal) Error() string                 { return r.code + ": " + r.message }
func (r *refusal) ErrorCode() string             { return r.code }
func (r *refusal) ErrorMessage() string          { return r.message }
func (r *refusal) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }

func explain(networkInterface string, err error) error {
	var refused *refusal
	var known *failure.Failure
	switch {
	case errors.As(err, &known):
		return err
	case !errors.As(err, &refused):
		return passing(failure.Wrap(err,
			"Check that the runner's host reaches the EC2 API, or connect to private addresses (UsePublicIP = false).",
			"looking up the public address of %s failed", networkInterface))
	case refused.code == "UnauthorizedOperation":
		return failure.New("Allow ec2:DescribeNetworkInterfaces in the role of the runner's host, or connect to "+
			"private addresses (UsePublicIP = false).",
			"AWS denied ec2:DescribeNetworkInterfaces: %s", refused.message)
	case refused.throttled():
		return passing(failure.New("Too many calls in this account and region; a later try works.",
			"AWS throttled ec2:DescribeNetworkInterfaces in every try: %s", refused.message))
	}
	return failure.New("", "AWS refused ec2:DescribeNetworkInterfaces (%s): %s", refused.code, refused.message)
}

func passing(f *failure.Failure) *failure.Failure {
	f.Passing = true
	return f
}
