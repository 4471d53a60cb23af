package task

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

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

func TestAwaitRunning(t *testing.T) {
	stopped := func(task *types.Task) {
		task.DesiredStatus, task.StopCode = aws.String("STOPPED"), types.TaskStopCodeEssentialContainerExited
		task.Memory = aws.String("2048")
		task.StoppedReason = aws.String("Essential container in task exited")
		task.Containers = []types.Container{{Name: aws.String("ci-coordinator"), ExitCode: aws.Int32(137),
			Reason: aws.String("OutOfMemoryError: killed")}}
	}
	bare := func(task *types.Task) { task.Attachments = nil }
	tests := map[string]struct {
		describe   []func() (*ecs.DescribeTasksOutput, error)
		publicIP   bool
		address    string
		wantErr    string
		wantStatus []string
	}{
		"private address": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PROVISIONING"), in("PENDING"), in("RUNNING")},
			address:  "172.31.0.9", wantStatus: []string{"provisioning", "pending"},
		},
		"public address, a moment late": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("RUNNING")}, publicIP: true,
			address: "203.0.113.7", wantStatus: []string{"running"},
		},
		"not shown at first": {
			describe: []func() (*ecs.DescribeTasksOutput, error){unknown, in("RUNNING")},
			address:  "172.31.0.9", wantStatus: []string{"requested"},
		},
		"address attached late": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("RUNNING", bare), in("RUNNING")},
			address:  "172.31.0.9", wantStatus: []string{"running"},
		},
		"stops before it runs": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING"), in("DEPROVISIONING", stopped)},
			wantErr: "the task 0123456789abcdef ran out of memory (its limit is 2048 MiB): EssentialContainerExited: " +
				"Essential container in task exited; " +
				"container ci-coordinator: exit code 137 (OutOfMemoryError: killed)",
			wantStatus: []string{"pending"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tasks := tasks(t, &fakeECS{describe: test.describe})
			tasks.Config.UsePublicIP = test.publicIP
			var statuses []string
			address, err := tasks.AwaitRunning(t.Context(), arn,
				func(status string, _ time.Duration) { statuses = append(statuses, status) })
			if address != test.address || (err == nil) != (test.wantErr == "") ||
				(err != nil && err.Error() != test.wantErr) {
				t.Errorf("got %q, %v", address, err)
			}
			if diff := cmp.Diff(test.wantStatus, statuses); diff != "" {
				t.Errorf("progress (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAwaitRunningKnocks(t *testing.T) {
	listening := func(on bool) Probe {
		return func(_ context.Context, address string) bool { return on && address == "172.31.0.9" }
	}
	bare := func(task *types.Task) { task.Attachments = nil }
	tests := map[string]struct {
		describe  []func() (*ecs.DescribeTasksOutput, error)
		knock     Probe
		publicIP  bool
		address   string
		describes int
	}{
		"and is heard while ECS says pending": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING")}, knock: listening(true),
			address: "172.31.0.9", describes: 1,
		},
		"once there is an address": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PROVISIONING", bare), in("PENDING")},
			knock:    listening(true), address: "172.31.0.9", describes: 2,
		},
		"in vain": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING"), in("PENDING"), in("RUNNING")},
			knock:    listening(false), address: "172.31.0.9", describes: 3,
		},
		"at no public address": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING"), in("RUNNING")}, knock: listening(true),
			publicIP: true, address: "203.0.113.7", describes: 3,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &fakeECS{describe: test.describe}
			tasks := tasks(t, api)
			tasks.Probe, tasks.Config.UsePublicIP = test.knock, test.publicIP
			address, err := tasks.AwaitRunning(t.Context(), arn, func(string, time.Duration) {})
			if err != nil || address != test.address || api.describes != test.describes {
				t.Errorf("got %q, %v after %d calls", address, err, api.describes)
			}
		})
	}
}

func TestKnockAt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	knock := ProbePort(listener.Addr().(*net.TCPAddr).Port)
	if !knock(t.Context(), "127.0.0.1") {
		t.Error("nobody was heard though somebody listens")
	}
	_ = listener.Close()
	if knock(t.Context(), "127.0.0.1") {
		t.Error("somebody was heard though nobody listens")
	}
}

func TestAwaitRunningEnds(t *testing.T) {
	ignore := func(string, time.Duration) {}
	t.Run("after StartTimeout", func(t *testing.T) {
		tasks := tasks(t, &fakeECS{describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING")}})
		tasks.Config.StartTimeout = config.Duration{Duration: 50 * time.Millisecond}
		if _, err := tasks.AwaitRunning(t.Context(), arn, ignore); err == nil ||
			err.Error() != "the task was still pending after 50ms" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("when cancelled", func(t *testing.T) {
		cause := errors.New("job cancelled")
		ctx, cancel := context.WithCancelCause(t.Context())
		tasks := tasks(t, &fakeECS{describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING")}})
		_, err := tasks.AwaitRunning(ctx, arn, func(string, time.Duration) { cancel(cause) })
		if !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("when the task stays unknown", func(t *testing.T) {
		tasks := tasks(t, &fakeECS{describe: []func() (*ecs.DescribeTasksOutput, error){unknown}})
		if _, err := tasks.AwaitRunning(t.Context(), arn, ignore); err == nil ||
			!strings.Contains(err.Error(), "does not know the task") {
			t.Errorf("got %v", err)
		}
	})
}

func TestStopAll(t *testing.T) {
	ok := func() (*ecs.StopTaskOutput, error) { return &ecs.StopTaskOutput{Task: &types.Task{}}, nil }
	throttled := func() (*ecs.StopTaskOutput, error) {
		return nil, answered(400, "ThrottlingException", "Rate exceeded")
	}
	notStopped := func() (*ecs.StopTaskOutput, error) { return nil, answered(400, "AccessDeniedException", "no") }
	notListed := func() (*ecs.ListTasksOutput, error) { return nil, answered(400, "AccessDeniedException", "no") }
	unavailable := func() (*ecs.StopTaskOutput, error) { return nil, answered(500, "ServerException", "oops") }
	over := func(task *types.Task) { task.DesiredStatus = aws.String("STOPPED") }
	type describes = []func() (*ecs.DescribeTasksOutput, error)
	type lists = []func() (*ecs.ListTasksOutput, error)
	type stops = []func() (*ecs.StopTaskOutput, error)
	tests := map[string]struct {
		known      Ref
		unanswered bool
		describe   describes
		list       lists
		stop       stops
		want       []string
		wantErr    string
		minStops   int
	}{
		"by state and list, once": {known: Ref{ARN: arn}, list: lists{listing(arn)}, stop: stops{ok},
			want: []string{arn}, minStops: 1},
		"the list lags behind": {known: Ref{ARN: arn}, list: lists{listing()}, stop: stops{ok},
			want: []string{arn}, minStops: 1},
		"more than the state knows": {known: Ref{ARN: arn}, list: lists{listing("arn/2", arn)}, stop: stops{ok},
			want: []string{"arn/2", arn}, minStops: 2},
		"nothing": {list: lists{listing()}},
		"RunTask unanswered, shown late": {unanswered: true, list: lists{listing(), listing(), listing(arn)},
			stop: stops{ok}, want: []string{arn}, minStops: 1},
		"RunTask unanswered, never shown": {unanswered: true, list: lists{listing()}},
		"throttled for a while": {known: Ref{ARN: arn}, list: lists{listing(arn)},
			describe: describes{in("RUNNING")}, stop: stops{throttled, throttled, unavailable, ok}, want: []string{arn},
			minStops: 4},
		"over already": {known: Ref{ARN: arn}, list: lists{listing()},
			describe: describes{in("STOPPED", over)}, stop: stops{unavailable}, minStops: 1},
		"gone": {known: Ref{ARN: arn}, list: lists{listing()}, describe: describes{unknown},
			stop: stops{unavailable}, minStops: 1},
		"list denied": {known: Ref{ARN: arn}, list: lists{notListed}, stop: stops{ok}, want: []string{arn},
			minStops: 1},
		"list denied, no state": {list: lists{notListed}, wantErr: "AWS denied ecs:ListTasks"},
		"stop denied": {known: Ref{ARN: arn}, list: lists{listing(arn)}, stop: stops{notStopped},
			wantErr: "AWS denied ecs:StopTask", minStops: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &fakeECS{describe: test.describe, list: test.list, stop: test.stop}
			test.known.StartedBy = "gitlab/x"
			if test.unanswered {
				test.known.IntendedAt = time.Now()
			}
			got, err := tasks(t, api).StopAll(t.Context(), test.known, "why")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("stopped (-want +got):\n%s", diff)
			}
			if (err == nil) != (test.wantErr == "") || (err != nil && !strings.Contains(err.Error(), test.wantErr)) {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			if len(api.stops) != test.minStops {
				t.Errorf("%d StopTask calls, want %d", len(api.stops), test.minStops)
			}
			for _, stop := range api.stops {
				if *stop.Cluster != "cluster" || *stop.Reason != "why" {
					t.Errorf("StopTask got %+v", stop)
				}
			}
			if *api.listed.StartedBy != "gitlab/x" || *api.listed.Cluster != "cluster" {
				t.Errorf("ListTasks got %+v", api.listed)
			}
		})
	}
}

func TestStopAllGivesUp(t *testing.T) {
	tasks := tasks(t, &fakeECS{
		list:     []func() (*ecs.ListTasksOutput, error){listing(arn)},
		describe: []func() (*ecs.DescribeTasksOutput, error){in("RUNNING")},
		stop: []func() (*ecs.StopTaskOutput, error){func() (*ecs.StopTaskOutput, error) {
			return nil, answered(400, "ThrottlingException", "Rate exceeded")
		}},
	})
	tasks.Config.StopTimeout = config.Duration{Duration: 50 * time.Millisecond}
	if stopped, err := tasks.StopAll(t.Context(), Ref{ARN: arn}, "why"); err == nil || len(stopped) > 0 ||
		!strings.Contains(err.Error(), "throttled") {
		t.Errorf("got %v, %v", stopped, err)
	}
}
