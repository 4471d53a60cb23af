package ecstest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func client(s *Server) *ecs.Client {
	return ecs.New(ecs.Options{
		Region: "us-east-1", HTTPClient: &http.Client{Transport: s}, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

func run(token, startedBy string) *ecs.RunTaskInput {
	return &ecs.RunTaskInput{
		Cluster: aws.String("cluster"), TaskDefinition: aws.String("ci"), LaunchType: types.LaunchTypeFargate,
		ClientToken: aws.String(token), StartedBy: aws.String(startedBy),
	}
}

func TestClientToken(t *testing.T) {
	s := New()
	first, err := client(s).RunTask(t.Context(), run("token", "job-1"))
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(first.Tasks[0].TaskArn)
	again, err := client(s).RunTask(t.Context(), run("token", "job-1"))
	if err != nil || aws.ToString(again.Tasks[0].TaskArn) != arn {
		t.Errorf("the same call once more: %+v, %v", again, err)
	}
	_, err = client(s).RunTask(t.Context(), run("token", "job-2"))
	var conflict *types.ConflictException
	if !errors.As(err, &conflict) || !slices.Equal(conflict.ResourceIds, []string{arn}) {
		t.Errorf("another call with the same token: %v", err)
	}
	if tasks := len(s.Tasks()); tasks != 1 {
		t.Errorf("%d tasks", tasks)
	}
}

func TestErrorsOfECSItself(t *testing.T) {
	s := New()
	for code, want := range map[string]int{"ServerException": 500, "ServiceUnavailable": 503, "ClientException": 400} {
		s.Fail = func(string, int) string { return code }
		_, err := client(s).RunTask(t.Context(), run("token", "job"))
		var answer *awshttp.ResponseError
		if !errors.As(err, &answer) || answer.HTTPStatusCode() != want {
			t.Errorf("%s: %v, want status %d", code, err, want)
		}
	}
}

func TestPages(t *testing.T) {
	s := New()
	for i := range 250 {
		s.Add(fmt.Sprint("job-", i))
	}
	input := &ecs.ListTasksInput{Cluster: aws.String("cluster")}
	var sizes []int
	for more := true; more; more = input.NextToken != nil {
		page, err := client(s).ListTasks(t.Context(), input)
		if err != nil {
			t.Fatal(err)
		}
		sizes, input.NextToken = append(sizes, len(page.TaskArns)), page.NextToken
	}
	if !slices.Equal(sizes, []int{100, 100, 50}) {
		t.Errorf("pages of %v", sizes)
	}
}

// A task that is to stop is no longer listed, and still runs for a while.
func TestStopTakesItsTime(t *testing.T) {
	s := New()
	arn := s.Add("job")
	_, err := client(s).StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String("cluster"), Task: aws.String(arn)})
	if err != nil {
		t.Fatal(err)
	}
	list, err := client(s).ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("cluster")})
	if err != nil || len(list.TaskArns) != 0 {
		t.Errorf("listed: %+v, %v", list, err)
	}
	var statuses []string
	for range len(s.Ending) + 1 {
		found, err := client(s).DescribeTasks(t.Context(),
			&ecs.DescribeTasksInput{Cluster: aws.String("cluster"), Tasks: []string{arn}})
		if err != nil || aws.ToString(found.Tasks[0].DesiredStatus) != "STOPPED" {
			t.Fatalf("%+v, %v", found, err)
		}
		statuses = append(statuses, aws.ToString(found.Tasks[0].LastStatus))
	}
	if want := []string{"RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"}; !slices.Equal(statuses, want) {
		t.Errorf("the looks find %v", statuses)
	}
}
