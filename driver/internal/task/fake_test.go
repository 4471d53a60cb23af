package task

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/config"
)

// fakeECS answers each call with the next of its answers, the last one for good.
type fakeECS struct {
	describe []func() (*ecs.DescribeTasksOutput, error)
	list     []func() (*ecs.ListTasksOutput, error)
	run      func() (*ecs.RunTaskOutput, error)
	stop     []func() (*ecs.StopTaskOutput, error)

	describes, lists int
	stops            []*ecs.StopTaskInput
	listed           *ecs.ListTasksInput
}

func (f *fakeECS) RunTask(context.Context, *ecs.RunTaskInput, ...func(*ecs.Options)) (*ecs.RunTaskOutput, error) {
	return f.run()
}

func (f *fakeECS) DescribeTasks(
	context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	f.describes++
	return f.describe[min(f.describes, len(f.describe))-1]()
}

func (f *fakeECS) ListTasks(
	_ context.Context, input *ecs.ListTasksInput, _ ...func(*ecs.Options),
) (*ecs.ListTasksOutput, error) {
	f.lists++
	f.listed = input
	return f.list[min(f.lists, len(f.list))-1]()
}

func (f *fakeECS) StopTask(
	_ context.Context, input *ecs.StopTaskInput, _ ...func(*ecs.Options),
) (*ecs.StopTaskOutput, error) {
	f.stops = append(f.stops, input)
	return f.stop[min(len(f.stops), len(f.stop))-1]()
}

// fakeAddresses has a public address from the second look on.
type fakeAddresses struct{ looks int }

func (f *fakeAddresses) PublicAddress(_ context.Context, networkInterface string) (string, error) {
	if f.looks++; f.looks < 2 || networkInterface != "eni-1" {
		return "", nil
	}
	return "203.0.113.7", nil
}

const arn = "arn:aws:ecs:us-east-1:123456789012:task/cluster/0123456789abcdef"

func tasks(t *testing.T, api *fakeECS) *Tasks {
	t.Helper()
	return &Tasks{
		API: api, Addresses: &fakeAddresses{}, Log: slog.New(slog.DiscardHandler),
		ConsistencyWindow: 50 * time.Millisecond,
		Config: config.Fargate{
			Cluster: "cluster", TaskDefinition: "ci",
			StartTimeout:    config.Duration{Duration: 5 * time.Second},
			StopTimeout:     config.Duration{Duration: 5 * time.Second},
			PollInterval:    config.Duration{Duration: time.Millisecond},
			MaxPollInterval: config.Duration{Duration: 2 * time.Millisecond},
		},
	}
}

func in(status string, change ...func(*types.Task)) func() (*ecs.DescribeTasksOutput, error) {
	task := types.Task{
		TaskArn: aws.String(arn), LastStatus: aws.String(status), DesiredStatus: aws.String("RUNNING"),
		Attachments: []types.Attachment{{
			Type: aws.String("ElasticNetworkInterface"),
			Details: []types.KeyValuePair{
				{Name: aws.String("networkInterfaceId"), Value: aws.String("eni-1")},
				{Name: aws.String("privateIPv4Address"), Value: aws.String("172.31.0.9")},
			},
		}},
	}
	for _, f := range change {
		f(&task)
	}
	return func() (*ecs.DescribeTasksOutput, error) {
		return &ecs.DescribeTasksOutput{Tasks: []types.Task{task}}, nil
	}
}

func unknown() (*ecs.DescribeTasksOutput, error) {
	return &ecs.DescribeTasksOutput{Failures: []types.Failure{{Reason: aws.String("MISSING")}}}, nil
}

func listing(arns ...string) func() (*ecs.ListTasksOutput, error) {
	return func() (*ecs.ListTasksOutput, error) { return &ecs.ListTasksOutput{TaskArns: arns}, nil }
}
