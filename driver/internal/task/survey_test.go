package task

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

// pagedECS has a cluster of many tasks, and fails each second call.
type pagedECS struct {
	fakeECS
	arns  []string
	calls int
	t     *testing.T
}

var errOutage = errors.New("connection reset by peer")

func (f *pagedECS) ListTasks(
	_ context.Context, input *ecs.ListTasksInput, _ ...func(*ecs.Options),
) (*ecs.ListTasksOutput, error) {
	if f.calls++; f.calls%2 == 1 {
		return nil, errOutage
	}
	var from int
	if input.NextToken != nil {
		if _, err := fmt.Sscan(*input.NextToken, &from); err != nil {
			return nil, err
		}
	}
	output := &ecs.ListTasksOutput{TaskArns: f.arns[from:min(from+100, len(f.arns))]}
	if from+100 < len(f.arns) {
		output.NextToken = aws.String(fmt.Sprint(from + 100))
	}
	return output, nil
}

func (f *pagedECS) DescribeTasks(
	_ context.Context, input *ecs.DescribeTasksInput, _ ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	if f.calls++; f.calls%2 == 1 {
		return nil, errOutage
	}
	if len(input.Tasks) == 0 || len(input.Tasks) > 100 || len(input.Include) != 1 {
		f.t.Errorf("DescribeTasks got %d tasks, %v", len(input.Tasks), input.Include)
	}
	output := &ecs.DescribeTasksOutput{}
	for _, arn := range input.Tasks {
		output.Tasks = append(output.Tasks, types.Task{TaskArn: aws.String(arn), DesiredStatus: aws.String("RUNNING")})
	}
	return output, nil
}

func TestSurveySeesAllPages(t *testing.T) {
	for _, count := range []int{0, 1, 100, 101, 250} {
		api := &pagedECS{t: t}
		for i := range count {
			api.arns = append(api.arns, fmt.Sprintf("arn/%d", i))
		}
		tasks := tasks(t, &api.fakeECS)
		tasks.API = api
		seen, err := tasks.Survey(t.Context(), Place{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range seen {
			got = append(got, one.ARN)
		}
		if diff := cmp.Diff(api.arns, got); diff != "" {
			t.Errorf("%d tasks (-want +got):\n%s", count, diff)
		}
	}
}

func TestSurveyReadsTheLease(t *testing.T) {
	deadline := time.Unix(1_800_000_000, 0)
	lease := Lease{Host: "0123456789abcdef", Deadline: deadline}
	leased := func(name string, environment []types.KeyValuePair) func(*types.Task) {
		return func(task *types.Task) {
			task.StartedBy = aws.String("by")
			task.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{
				{Name: aws.String(name), Environment: environment},
			}}
		}
	}
	tagged := func(stack string) func(*types.Task) {
		return func(task *types.Task) { task.Tags = []types.Tag{{Key: aws.String(StackTag), Value: aws.String(stack)}} }
	}
	pair := func(name, value string) types.KeyValuePair {
		return types.KeyValuePair{Name: aws.String(name), Value: aws.String(value)}
	}
	earlier := []types.KeyValuePair{pair("GUARD_HOST", lease.Host), pair("GUARD_DEADLINE", "1800000000")}
	soon := []types.KeyValuePair{pair("FARGATE_GUARD_DEADLINE", "soon")}
	tests := map[string]struct {
		change []func(*types.Task)
		want   []Listing
	}{
		"leased": {[]func(*types.Task){leased(Container, lease.environment(time.Minute, time.Hour))},
			[]Listing{{ARN: arn, StartedBy: "by", Lease: lease}}},
		"another container's": {[]func(*types.Task){leased("sidecar", lease.environment(time.Minute, time.Hour))},
			[]Listing{{ARN: arn, StartedBy: "by"}}},
		"an earlier driver's": {[]func(*types.Task){leased(Container, earlier)},
			[]Listing{{ARN: arn, StartedBy: "by", Lease: lease}}},
		"no number":        {[]func(*types.Task){leased(Container, soon)}, []Listing{{ARN: arn, StartedBy: "by"}}},
		"unleased":         {nil, []Listing{{ARN: arn}}},
		"the same stack's": {[]func(*types.Task){tagged("prod")}, []Listing{{ARN: arn}}},
		"another stack's":  {[]func(*types.Task){tagged("dev")}, []Listing{{ARN: arn, Foreign: true}}},
		"about to stop anyway": {[]func(*types.Task){
			func(task *types.Task) { task.DesiredStatus = aws.String("STOPPED") },
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &fakeECS{
				list:     []func() (*ecs.ListTasksOutput, error){listing(arn)},
				describe: []func() (*ecs.DescribeTasksOutput, error){in("RUNNING", test.change...)},
			}
			tasks := tasks(t, api)
			tasks.Config.Tags = map[string]string{StackTag: "prod"}
			got, err := tasks.Survey(t.Context(), Place{})
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
			if api.listed.StartedBy != nil || *api.listed.Cluster != "cluster" {
				t.Errorf("ListTasks got %+v", api.listed)
			}
		})
	}
}

func TestSurveyGivesUp(t *testing.T) {
	denied := &fakeECS{list: []func() (*ecs.ListTasksOutput, error){func() (*ecs.ListTasksOutput, error) {
		return nil, answered(400, "AccessDeniedException", "no")
	}}}
	if _, err := tasks(t, denied).Survey(t.Context(), Place{}); err == nil || denied.lists != 1 {
		t.Errorf("denied: %v after %d calls", err, denied.lists)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	down := &fakeECS{list: []func() (*ecs.ListTasksOutput, error){
		func() (*ecs.ListTasksOutput, error) { return nil, errOutage },
	}}
	if _, err := tasks(t, down).Survey(ctx, Place{}); !errors.Is(err, errOutage) || down.lists < 2 {
		t.Errorf("an outage: %v after %d calls", err, down.lists)
	}
}
