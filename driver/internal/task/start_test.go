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

	"gitlab-fargate-runners/driver/internal/awsapi"
	"gitlab-fargate-runners/driver/internal/config"
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
		"throttled behind ECS": {err: answered(400, "InvalidParameterException",
			"Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)"),
			want: "AWS throttled ecs:RunTask in every try: Error retrieving subnet"},
		"refused after a try without an answer": {
			err:  &awsapi.Tried{Attempts: 2, Err: answered(400, "ExpiredTokenException", "expired")},
			want: "AWS did not accept the host's credentials for ecs:RunTask (ExpiredTokenException): expired"},
		"refused in the only try": {
			err:     &awsapi.Tried{Attempts: 1, Err: answered(400, "ExpiredTokenException", "expired")},
			certain: true, want: "AWS did not accept the host's credentials"},
		"not even sent": {err: &awsapi.Tried{Err: errors.New("get identity: no EC2 IMDS role found")},
			certain: true, want: "calling ecs:RunTask failed: get identity"},
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

// ECS names the task that an earlier try with the same client token has started.
func TestStartTakesTheTaskOfAnEarlierTry(t *testing.T) {
	conflict := answered(400, "ConflictException", "The provided clientToken is already in use")
	var answer *smithyhttp.ResponseError
	errors.As(conflict, &answer)
	answer.Err = &types.ConflictException{ResourceIds: []string{arn}}
	api := &fakeECS{run: func() (*ecs.RunTaskOutput, error) { return nil, conflict }}
	if got, err := tasks(t, api).Start(t.Context(), Request{}); got != arn || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestBlame(t *testing.T) {
	const noSize, noDefinition = "No Fargate configuration exists for given values.", "TaskDefinition not found."
	for name, test := range map[string]struct {
		text   string
		wanted config.Wanted
		want   bool
	}{
		"a size of the job's":                     {noSize, config.Wanted{CPU: "1024"}, true},
		"the task definition's own size":          {noSize, config.Wanted{TaskDefinition: "other"}, false},
		"a task definition of the job's":          {noDefinition, config.Wanted{TaskDefinition: "other"}, true},
		"the runner's task definition":            {noDefinition, config.Wanted{Memory: "2048"}, false},
		"what no job chooses":                     {"The subnet ID 'subnet-1' does not exist", config.Wanted{CPU: "1"}, false},
		"an error that nothing is known of (yet)": {"oops", config.Wanted{CPU: "1024"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var told *failure.Failure
			err := Blame(explain("RunTask", answered(400, "ClientException", test.text)), test.wanted)
			if !errors.As(err, &told) || told.Build != test.want {
				t.Errorf("got %+v", told)
			}
		})
	}
}
