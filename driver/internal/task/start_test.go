package task

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"gitlab-fargate-runners/driver/internal/failure"
)

func answered(status int, code, message string) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: message},
	}}
}

func TestStartTellsWhetherATaskMayExist(t *testing.T) {
	tests := map[string]struct {
		output  *ecs.RunTaskOutput
		err     error
		certain bool
		want    string
	}{
		"refused for lack of capacity": {
			output: &ecs.RunTaskOutput{Failures: []types.Failure{
				{Reason: aws.String("RESOURCE:ENI"), Detail: aws.String("none left")},
			}},
			certain: true, want: "ECS started no task: RESOURCE:ENI (none left)",
		},
		"no reason": {output: &ecs.RunTaskOutput{}, certain: true,
			want: "ECS started no task and gave no reason"},
		"denied": {err: answered(400, "AccessDeniedException",
			"User is not authorized to perform: iam:PassRole"), certain: true,
			want: "AWS denied ecs:RunTask: User is not authorized to perform: iam:PassRole"},
		"no such cluster": {err: answered(400, "ClusterNotFoundException", "Cluster not found."),
			certain: true, want: "the ECS cluster does not exist"},
		"invalid": {err: answered(400, "InvalidParameterException", "TaskDefinition is inactive"),
			certain: true, want: "AWS refused ecs:RunTask (InvalidParameterException): TaskDefinition is inactive"},
		"throttled": {err: answered(400, "ThrottlingException", "Rate exceeded"),
			want: "AWS throttled ecs:RunTask in every try"},
		"server error": {err: answered(500, "ServerException", "Service Unavailable"),
			want: "AWS refused ecs:RunTask (ServerException)"},
		"cut off": {err: errors.New("connection reset by peer"),
			want: "calling ecs:RunTask failed: connection reset by peer"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &fakeECS{run: func() (*ecs.RunTaskOutput, error) { return test.output, test.err }}
			_, err := tasks(t, api).Start(t.Context(), Request{})
			if errors.Is(err, ErrNotStarted) != test.certain || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %q, certain %v; want %q, %v", err, errors.Is(err, ErrNotStarted), test.want, test.certain)
			}
			var cause *failure.Failure
			if !errors.As(err, &cause) {
				t.Error("not a failure with a hint")
			}
		})
	}
}
