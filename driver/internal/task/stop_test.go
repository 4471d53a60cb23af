package task

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gitlab-fargate-runners/driver/internal/config"
)

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
		"not shown for a moment": {known: Ref{ARN: arn}, list: lists{listing()},
			describe: describes{unknown, in("RUNNING")}, stop: stops{unavailable, unavailable, ok}, want: []string{arn},
			minStops: 3},
		"list denied": {known: Ref{ARN: arn}, list: lists{notListed}, stop: stops{ok}, want: []string{arn},
			minStops: 1},
		"list denied, no state": {list: lists{notListed}, wantErr: "AWS denied ecs:ListTasks"},
		"stop denied": {known: Ref{ARN: arn}, list: lists{listing(arn)}, stop: stops{notStopped},
			wantErr: "AWS denied ecs:StopTask", minStops: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeECS{describe: test.describe, list: test.list, stop: test.stop}
				test.known.StartedBy = "gitlab/x"
				if test.unanswered {
					test.known.CalledUntil = time.Now().Add(time.Minute)
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
				// ECS refuses startedBy beside another filter.
				want := &ecs.ListTasksInput{Cluster: aws.String("cluster"), StartedBy: aws.String("gitlab/x")}
				if diff := cmp.Diff(want, api.listed, cmpopts.IgnoreUnexported(ecs.ListTasksInput{})); diff != "" {
					t.Errorf("ListTasks (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// fargate.toml may name another cluster than when the task was started.
func TestStopAllInTheTasksCluster(t *testing.T) {
	api := &fakeECS{
		list: []func() (*ecs.ListTasksOutput, error){listing(arn)},
		stop: []func() (*ecs.StopTaskOutput, error){func() (*ecs.StopTaskOutput, error) {
			return &ecs.StopTaskOutput{Task: &types.Task{}}, nil
		}},
	}
	tasks := tasks(t, api)
	tasks.Config.Cluster = "renamed"
	if _, err := tasks.StopAll(t.Context(), Ref{ARN: arn, Place: Place{Cluster: "cluster"}}, "why"); err != nil {
		t.Fatal(err)
	}
	if *api.listed.Cluster != "cluster" || *api.stops[0].Cluster != "cluster" {
		t.Errorf("looked in %s, stopped in %s", *api.listed.Cluster, *api.stops[0].Cluster)
	}
}

// Nobody waits for what no further try can heal, nor for a task that nothing tells of.
func TestStopAllGivesUpAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		known Ref
		err   error
		want  string
	}{
		"no such cluster": {Ref{CalledUntil: time.Now().Add(time.Minute)},
			answered(400, "ClusterNotFoundException", "Cluster not found."), "the ECS cluster does not exist"},
		"expired credentials": {Ref{CalledUntil: time.Now().Add(time.Minute)},
			answered(400, "ExpiredTokenException", "expired"), "AWS did not accept the host's credentials"},
		"no call was made": {Ref{}, errors.New("no route to host"), "calling ecs:ListTasks failed: no route to host"},
	} {
		t.Run(name, func(t *testing.T) {
			api := &fakeECS{list: []func() (*ecs.ListTasksOutput, error){
				func() (*ecs.ListTasksOutput, error) { return nil, test.err },
			}}
			_, err := tasks(t, api).StopAll(t.Context(), test.known, "why")
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || api.lists != 1 {
				t.Errorf("got %v after %d calls", err, api.lists)
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
