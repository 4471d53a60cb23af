package task

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"gitlab-fargate-runners/driver/internal/failure"
)

// lookups answers the looks for a public address with errors first.
type lookups struct {
	errs  []error
	looks int
}

func (l *lookups) PublicAddress(context.Context, string) (string, error) {
	if l.looks++; l.looks <= len(l.errs) {
		return "", l.errs[l.looks-1]
	}
	return "203.0.113.7", nil
}

// A look for the public address that EC2 throttles ends the start as little as one for the task itself. One that EC2
// denies is not repeated.
func TestLookForThePublicAddressThatFails(t *testing.T) {
	throttled := failure.New("", "AWS throttled ec2:DescribeNetworkInterfaces")
	throttled.Passing = true
	denied := failure.New("", "AWS denied ec2:DescribeNetworkInterfaces")
	for name, test := range map[string]struct {
		errs    []error
		address string
		looks   int
	}{
		"twice throttled":       {[]error{throttled, throttled}, "203.0.113.7", 3},
		"throttled, and denied": {[]error{throttled, denied}, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tasks := slow(t, &fakeECS{describe: describes{in("RUNNING")}})
				found := &lookups{errs: test.errs}
				tasks.Config.UsePublicIP, tasks.Addresses = true, found
				address, err := tasks.AwaitRunning(t.Context(), arn, func(string, time.Duration) {})
				if address != test.address || found.looks != test.looks || (err == nil) != (address != "") ||
					err != nil && !errors.Is(err, denied) {
					t.Errorf("%q, %v after %d looks", address, err, found.looks)
				}
			})
		})
	}
}

// silentECS answers no look for as long as the caller waits.
type silentECS struct{ fakeECS }

func (*silentECS) DescribeTasks(
	ctx context.Context, _ *ecs.DescribeTasksInput, _ ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// What is known already is told within moments, whether or not ECS can add why.
func TestAnExplanationIsNotWaitedForWithoutALimit(t *testing.T) {
	for name, look := range map[string]func(context.Context, *Tasks){
		"of exit code 137": func(ctx context.Context, tasks *Tasks) {
			if limit, _ := tasks.MemoryLimit(ctx, arn); limit != "" {
				t.Errorf("the limit is %q", limit)
			}
		},
		"of a lost connection": func(ctx context.Context, tasks *Tasks) {
			if err := tasks.Check(ctx, arn, Stopping); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tasks := slow(t, &fakeECS{})
				tasks.API = &silentECS{}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				began := time.Now()
				look(ctx, tasks)
				if took := time.Since(began); took > DefaultConsistencyWindow+lookTimeout {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}
