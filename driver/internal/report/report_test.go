package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

const metrics = `# HELP gitlab_runner_jobs The current number of running builds
# TYPE gitlab_runner_jobs gauge
gitlab_runner_jobs{executor_stage="custom_run",runner="a"} 2
gitlab_runner_jobs{executor_stage="custom_prepare",runner="b"} 1
gitlab_runner_jobs_total{runner="a"} 40
gitlab_runner_failed_jobs_total{failure_reason="script_failure",runner="a"} 9
gitlab_runner_failed_jobs_total{failure_reason="runner_system_failure",runner="a"} 3
gitlab_runner_failed_jobs_total{failure_reason="runner_system_failure",runner="b"} 1e+00
gitlab_runner_api_request_statuses_total{endpoint="request_job",method="post",runner="a",status="204"} 80
gitlab_runner_api_request_statuses_total{endpoint="request_job",method="post",runner="a",status="403"} 3
gitlab_runner_api_request_statuses_total{endpoint="request_job",method="post",runner="b",status="403"} 2
gitlab_runner_api_request_statuses_total{endpoint="update_job",method="put",runner="a",status="403"} 1
go_info{version="go1.26 linux"} 1

broken
`

func TestParseRunner(t *testing.T) {
	got, err := parseRunner(strings.NewReader(metrics))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Runner{Jobs: 3, SystemFailures: 4, Refusals: 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadRunner(t *testing.T) {
	status := http.StatusInternalServerError
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, metrics)
	}))
	if _, err := ReadRunner(t.Context(), server.Client(), server.URL); err == nil ||
		!strings.Contains(err.Error(), "500") {
		t.Errorf("a runner that is not well: %v", err)
	}
	status = http.StatusOK
	if got, err := ReadRunner(t.Context(), server.Client(), server.URL); err != nil || got.Jobs != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	server.Close()
	if _, err := ReadRunner(t.Context(), server.Client(), server.URL); err == nil {
		t.Error("no error where nothing listens")
	}
}

// cluster is ECS with these tasks; it shows them three a page.
type cluster struct {
	tasks  []types.Task
	denied bool
}

func (c *cluster) ListTasks(
	_ context.Context, input *ecs.ListTasksInput, _ ...func(*ecs.Options),
) (*ecs.ListTasksOutput, error) {
	if c.denied {
		return nil, errors.New("denied")
	}
	var arns []string
	for _, task := range c.tasks {
		if aws.ToString(task.DesiredStatus) == string(input.DesiredStatus) {
			arns = append(arns, aws.ToString(task.TaskArn))
		}
	}
	var from int
	_, _ = fmt.Sscan(aws.ToString(input.NextToken), &from)
	to := min(from+3, len(arns))
	output := &ecs.ListTasksOutput{TaskArns: arns[from:to]}
	if to < len(arns) {
		output.NextToken = aws.String(fmt.Sprint(to))
	}
	return output, nil
}

func (c *cluster) DescribeTasks(
	_ context.Context, input *ecs.DescribeTasksInput, _ ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	output := &ecs.DescribeTasksOutput{}
	for _, arn := range input.Tasks {
		for _, task := range c.tasks {
			if aws.ToString(task.TaskArn) == arn {
				output.Tasks = append(output.Tasks, task)
			}
		}
	}
	return output, nil
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ago(d time.Duration) *time.Time { return aws.Time(now.Add(-d)) }

// someTasks are five that run, two of them on spot capacity, one that stops, and of six that have stopped two that failed
// to start lately and one that lost its capacity lately.
func someTasks() []types.Task {
	var all []types.Task
	add := func(desired, last string, task types.Task) {
		task.TaskArn = aws.String(fmt.Sprintf("arn-%d", len(all)))
		task.DesiredStatus, task.LastStatus = aws.String(desired), aws.String(last)
		all = append(all, task)
	}
	for minutes := range 4 {
		add("RUNNING", "RUNNING", types.Task{CreatedAt: ago(time.Duration(minutes) * time.Minute),
			CapacityProviderName: aws.String([]string{"FARGATE", "FARGATE_SPOT"}[minutes/3])})
	}
	add("RUNNING", "PROVISIONING", types.Task{CapacityProviderName: aws.String("FARGATE_SPOT")})
	add("STOPPED", "DEPROVISIONING", types.Task{CreatedAt: ago(90 * time.Minute)})
	failed := types.TaskStopCodeTaskFailedToStart
	add("STOPPED", "STOPPED", types.Task{StopCode: failed, StoppedAt: ago(0)})
	add("STOPPED", "STOPPED", types.Task{StopCode: failed, StoppedAt: ago(5*time.Minute - time.Second)})
	add("STOPPED", "STOPPED", types.Task{StopCode: failed, StoppedAt: ago(5 * time.Minute)})
	taken, onSpot := types.TaskStopCodeSpotInterruption, aws.String("FARGATE_SPOT")
	add("STOPPED", "STOPPED", types.Task{StopCode: taken, StoppedAt: ago(0), CapacityProviderName: onSpot})
	add("STOPPED", "STOPPED", types.Task{StopCode: taken, StoppedAt: ago(5 * time.Minute), CapacityProviderName: onSpot})
	add("STOPPED", "STOPPED", types.Task{StopCode: types.TaskStopCodeUserInitiated, StoppedAt: ago(0),
		CreatedAt: ago(9 * time.Hour)})
	return all
}

func TestSurvey(t *testing.T) {
	got, err := CountTasks(t.Context(), &cluster{tasks: someTasks()}, "c", now)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Tasks{Running: 6, Oldest: 90 * time.Minute, FailedToStart: 2, OnSpot: 2, Interrupted: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, err = CountTasks(t.Context(), &cluster{}, "c", now); err != nil || got != (Tasks{}) {
		t.Errorf("an empty cluster: %+v, %v", got, err)
	}
}

// recorder is CloudWatch.
type recorder struct {
	down bool
	// put is metric and dimensions to value, of the last call.
	put map[string]float64
}

func (r *recorder) PutMetricData(
	_ context.Context, input *cloudwatch.PutMetricDataInput, _ ...func(*cloudwatch.Options),
) (*cloudwatch.PutMetricDataOutput, error) {
	if r.down {
		return nil, errors.New("no network")
	}
	r.put = map[string]float64{}
	for _, datum := range input.MetricData {
		key := aws.ToString(input.Namespace) + " " + aws.ToString(datum.MetricName)
		for _, dimension := range datum.Dimensions {
			key += " " + aws.ToString(dimension.Name) + "=" + aws.ToString(dimension.Value)
		}
		r.put[key] = aws.ToFloat64(datum.Value)
	}
	return &cloudwatch.PutMetricDataOutput{}, nil
}

func TestReport(t *testing.T) {
	var failures, refusals int
	runner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w,
			"gitlab_runner_jobs 2\ngitlab_runner_failed_jobs_total{failure_reason=\"runner_system_failure\"} %d\n"+
				"gitlab_runner_api_request_statuses_total{endpoint=\"request_job\",status=\"403\"} %d\n",
			failures, refusals)
	}))
	defer runner.Close()
	seen, cloud := &cluster{tasks: someTasks()}, &recorder{}
	report := Report{
		Stack: "prod", Host: "i-1", Cluster: "c", RunnerURL: runner.URL, Disk: t.TempDir(), Directory: t.TempDir(),
		ECS: seen, CloudWatch: cloud, HTTP: runner.Client(), Now: func() time.Time { return now },
	}
	send := func(wantError bool, want map[string]float64) {
		t.Helper()
		if err := report.Send(t.Context()); (err != nil) != wantError {
			t.Errorf("error: %v", err)
		}
		const disk = "gitlab-fargate-runners DiskUsedPercent Stack=prod Host=i-1"
		if used := cloud.put[disk]; used <= 0 || used > 100 {
			t.Errorf("the disk is used by %v %%", used)
		}
		delete(cloud.put, disk)
		if diff := cmp.Diff(want, cloud.put); diff != "" {
			t.Error(diff)
		}
	}
	all := func(systemFailures, refusedRequests float64) map[string]float64 {
		return map[string]float64{
			"gitlab-fargate-runners RunningTasks Stack=prod":             6,
			"gitlab-fargate-runners OldestTaskAge Stack=prod":            5400,
			"gitlab-fargate-runners TaskStartFailures Stack=prod":        2,
			"gitlab-fargate-runners Heartbeat Stack=prod Host=i-1":       1,
			"gitlab-fargate-runners RunningJobs Stack=prod Host=i-1":     2,
			"gitlab-fargate-runners SystemFailures Stack=prod Host=i-1":  systemFailures,
			"gitlab-fargate-runners RefusedRequests Stack=prod Host=i-1": refusedRequests,
		}
	}
	failures, refusals = 7, 3
	send(false, all(0, 0)) // what was before the first report is not news
	failures = 9
	send(false, all(2, 0))
	refusals = 6
	send(false, all(0, 3))
	failures, refusals = 1, 0
	send(false, all(1, 0)) // the runner has started anew

	failures, refusals = 4, 3
	cloud.down = true
	if err := report.Send(t.Context()); err == nil {
		t.Error("no error though CloudWatch cannot be reached")
	}
	cloud.down = false
	send(false, all(3, 3)) // what was not told is told now

	report.Spot = true
	withSpot := all(0, 0)
	withSpot["gitlab-fargate-runners SpotTasks Stack=prod"] = 2
	withSpot["gitlab-fargate-runners SpotInterruptions Stack=prod"] = 1
	send(false, withSpot)

	seen.denied = true
	send(true, map[string]float64{
		"gitlab-fargate-runners Heartbeat Stack=prod Host=i-1":       1,
		"gitlab-fargate-runners RunningJobs Stack=prod Host=i-1":     2,
		"gitlab-fargate-runners SystemFailures Stack=prod Host=i-1":  0,
		"gitlab-fargate-runners RefusedRequests Stack=prod Host=i-1": 0,
	})
	runner.Close()
	send(true, map[string]float64{"gitlab-fargate-runners Heartbeat Stack=prod Host=i-1": 0})
}
