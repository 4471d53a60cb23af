// Package report tells CloudWatch the state of a runner's host and of its cluster.
package report

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"gitlab-fargate-runners/driver/internal/ecstasks"
)

// Namespace of all metrics; the host's policy allows no other.
const Namespace = "gitlab-fargate-runners"

// CloudWatch is the part of CloudWatch that a report needs; *cloudwatch.Client has it.
type CloudWatch interface {
	PutMetricData(
		context.Context, *cloudwatch.PutMetricDataInput, ...func(*cloudwatch.Options),
	) (*cloudwatch.PutMetricDataOutput, error)
}

// Report is one look at the runner, the cluster and the disk.
//
// Metrics with the dimension Stack are the same from each host, so that their maximum is the truth: RunningTasks,
// OldestTaskAge (seconds), TaskStartFailures (of the last five minutes), and with Spot SpotTasks and SpotInterruptions (of
// the last five minutes). Metrics with the dimensions Stack and Host:
// Heartbeat (1 where the runner answers, otherwise 0), RunningJobs, SystemFailures and RefusedRequests (since the last
// report), DiskUsedPercent.
type Report struct {
	// Stack and Host are the metrics' dimensions.
	Stack, Host string
	// Cluster is the name or ARN of the stack's cluster.
	Cluster string
	// RunnerURL is the runner's Prometheus endpoint.
	RunnerURL string
	// Spot tells that the stack's tasks are on spot capacity, some of them at least.
	Spot bool
	// Disk is a path on the file system to look at.
	Disk string
	// Directory holds what one report leaves for the next.
	Directory string

	ECS        ecstasks.API
	CloudWatch CloudWatch
	HTTP       *http.Client
	Now        func() time.Time
}

// Send looks at everything and puts what it found. It returns an error for what it could not look at, and puts the rest
// all the same.
func (r *Report) Send(ctx context.Context) error {
	now := r.Now()
	ofStack := []types.Dimension{{Name: aws.String("Stack"), Value: aws.String(r.Stack)}}
	ofHost := append(ofStack[:1:1], types.Dimension{Name: aws.String("Host"), Value: aws.String(r.Host)})
	var data []types.MetricDatum
	add := func(dimensions []types.Dimension, name string, unit types.StandardUnit, value float64) {
		data = append(data, types.MetricDatum{
			MetricName: aws.String(name), Dimensions: dimensions, Unit: unit, Value: aws.Float64(value),
			Timestamp: aws.Time(now),
		})
	}

	tasks, errTasks := CountTasks(ctx, r.ECS, r.Cluster, now)
	if errTasks == nil {
		add(ofStack, "RunningTasks", types.StandardUnitCount, float64(tasks.Running))
		add(ofStack, "OldestTaskAge", types.StandardUnitSeconds, tasks.Oldest.Seconds())
		add(ofStack, "TaskStartFailures", types.StandardUnitCount, float64(tasks.FailedToStart))
	}
	if errTasks == nil && r.Spot {
		add(ofStack, "SpotTasks", types.StandardUnitCount, float64(tasks.OnSpot))
		add(ofStack, "SpotInterruptions", types.StandardUnitCount, float64(tasks.Interrupted))
	}
	disk, errDisk := DiskUsedPercent(r.Disk)
	if errDisk == nil {
		add(ofHost, "DiskUsedPercent", types.StandardUnitPercent, disk)
	}
	runner, errRunner := ReadRunner(ctx, r.HTTP, r.RunnerURL)
	counts := []struct {
		metric  string
		counter counter
		current float64
	}{
		{"SystemFailures", counter{filepath.Join(r.Directory, "system-failures")}, runner.SystemFailures},
		{"RefusedRequests", counter{filepath.Join(r.Directory, "refused-requests")}, runner.Refusals},
	}
	var errCounts, errSaved []error
	if errRunner == nil {
		add(ofHost, "Heartbeat", types.StandardUnitCount, 1)
		add(ofHost, "RunningJobs", types.StandardUnitCount, runner.Jobs)
		for _, count := range counts {
			added, err := count.counter.added(count.current)
			if err == nil {
				add(ofHost, count.metric, types.StandardUnitCount, added)
			}
			errCounts = append(errCounts, err)
		}
	} else {
		add(ofHost, "Heartbeat", types.StandardUnitCount, 0)
	}

	input := cloudwatch.PutMetricDataInput{Namespace: aws.String(Namespace), MetricData: data}
	if _, err := r.CloudWatch.PutMetricData(ctx, &input); err != nil {
		return errors.Join(fmt.Errorf("putting metrics: %w", err), errTasks, errDisk, errRunner, errors.Join(errCounts...))
	}
	// The report saves its counts last: what CloudWatch did not get counts again in the next report.
	if errRunner == nil {
		for _, count := range counts {
			errSaved = append(errSaved, count.counter.save(count.current))
		}
	}
	return errors.Join(errTasks, errDisk, errRunner, errors.Join(errCounts...), errors.Join(errSaved...))
}
