package task

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

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
		"one look throttled, one cut off": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING"), throttledLook, cutLook, in("RUNNING")},
			address:  "172.31.0.9", wantStatus: []string{"pending", "pending", "pending"},
		},
		"no right to look": {
			describe: []func() (*ecs.DescribeTasksOutput, error){deniedLook, in("RUNNING")},
			wantErr:  "AWS denied ecs:DescribeTasks: no",
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

func throttledLook() (*ecs.DescribeTasksOutput, error) {
	return nil, answered(400, "ThrottlingException", "Rate exceeded")
}

func cutLook() (*ecs.DescribeTasksOutput, error) { return nil, errors.New("connection reset by peer") }

func deniedLook() (*ecs.DescribeTasksOutput, error) {
	return nil, answered(400, "AccessDeniedException", "no")
}

func TestAwaitRunningProbes(t *testing.T) {
	listening := func(on bool) Probe {
		return func(_ context.Context, address string) bool { return on && address == "172.31.0.9" }
	}
	bare := func(task *types.Task) { task.Attachments = nil }
	beside := func(status string) func(*types.Task) {
		return func(task *types.Task) {
			task.Containers = []types.Container{{Name: aws.String(Container), LastStatus: aws.String("PENDING")},
				{Name: aws.String("database"), LastStatus: aws.String(status)}}
		}
	}
	tests := map[string]struct {
		describe  []func() (*ecs.DescribeTasksOutput, error)
		probe     Probe
		publicIP  bool
		address   string
		describes int
	}{
		"and is heard while ECS says pending": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING")}, probe: listening(true),
			address: "172.31.0.9", describes: 1,
		},
		"once there is an address": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PROVISIONING", bare), in("PENDING")},
			probe:    listening(true), address: "172.31.0.9", describes: 2,
		},
		"in vain": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING"), in("PENDING"), in("RUNNING")},
			probe:    listening(false), address: "172.31.0.9", describes: 3,
		},
		"not before the other containers run": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING", beside("PENDING")),
				in("PENDING", beside("RUNNING"))},
			probe: listening(true), address: "172.31.0.9", describes: 2,
		},
		"at no public address": {
			describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING"), in("RUNNING")}, probe: listening(true),
			publicIP: true, address: "203.0.113.7", describes: 3,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &fakeECS{describe: test.describe}
			tasks := tasks(t, api)
			tasks.Probe, tasks.Config.UsePublicIP = test.probe, test.publicIP
			address, err := tasks.AwaitRunning(t.Context(), arn, func(string, time.Duration) {})
			if err != nil || address != test.address || api.describes != test.describes {
				t.Errorf("got %q, %v after %d calls", address, err, api.describes)
			}
		})
	}
}

// A probe whose packet was swallowed delays no other: only the third one is heard.
func TestProbesOverlap(t *testing.T) {
	var probes atomic.Int32
	tasks := tasks(t, &fakeECS{describe: []func() (*ecs.DescribeTasksOutput, error){in("PENDING")}})
	tasks.Config.PollInterval.Duration, tasks.Config.MaxPollInterval.Duration = time.Hour, time.Hour
	tasks.Probe = func(ctx context.Context, _ string) bool {
		if probes.Add(1) < 3 {
			<-ctx.Done()
			return false
		}
		return true
	}
	address, err := tasks.AwaitRunning(t.Context(), arn, func(string, time.Duration) {})
	if err != nil || address != "172.31.0.9" || probes.Load() != 3 {
		t.Errorf("got %q, %v after %d probes", address, err, probes.Load())
	}
}

func TestProbePort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	probe := ProbePort(listener.Addr().(*net.TCPAddr).Port)
	if !probe(t.Context(), "127.0.0.1") {
		t.Error("nobody was heard though somebody listens")
	}
	_ = listener.Close()
	if probe(t.Context(), "127.0.0.1") {
		t.Error("somebody was heard though nobody listens")
	}
}

func TestAwaitRunningEnds(t *testing.T) {
	ignore := func(string, time.Duration) {}
	for name, test := range map[string]struct {
		describe describes
		healthy  bool
		want     string
	}{
		"after StartTimeout": {describe: describes{in("PENDING")}, want: "the task was still pending after 5m0s"},
		"after StartTimeout, and tells why nobody could look": {describe: describes{in("PENDING"), throttledLook},
			want: "AWS throttled ecs:DescribeTasks in every try: Rate exceeded"},
		"after StartTimeout, without a healthy task": {describe: describes{in("RUNNING")}, healthy: true,
			want: "the task was still running, not healthy yet after 5m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tasks := slow(t, &fakeECS{describe: test.describe})
				tasks.Config.AwaitHealthy = test.healthy
				if _, err := tasks.AwaitRunning(t.Context(), arn, ignore); err == nil || err.Error() != test.want {
					t.Errorf("got %v", err)
				}
			})
		})
	}
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

// A subnet may have no IPv4. A task with both kinds is reached by IPv4, also while only its IPv6 address is told.
func TestAddressOfASubnetWithoutIPv4(t *testing.T) {
	const six = "2600:1f18::7"
	for name, test := range map[string]struct {
		attached, card string
		want           string
	}{
		"only IPv6":                       {card: "", want: six},
		"both":                            {attached: "172.31.0.9", card: "172.31.0.9", want: "172.31.0.9"},
		"both, of which one is told late": {card: "172.31.0.9", want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			card := types.NetworkInterface{Ipv6Address: aws.String(six)}
			if test.card != "" {
				card.PrivateIpv4Address = aws.String(test.card)
			}
			details := []types.KeyValuePair{{Name: aws.String("networkInterfaceId"), Value: aws.String("eni-1")}}
			if test.attached != "" {
				details = append(details,
					types.KeyValuePair{Name: aws.String("privateIPv4Address"), Value: aws.String(test.attached)})
			}
			got, err := tasks(t, &fakeECS{}).address(t.Context(), &types.Task{
				Attachments: []types.Attachment{{Type: aws.String("ElasticNetworkInterface"), Details: details}},
				Containers:  []types.Container{{NetworkInterfaces: []types.NetworkInterface{card}}},
			})
			if got != test.want || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// Between SIGTERM and the end of its containers a task that is to stop may still have its job.
func TestTaskThatIsToStop(t *testing.T) {
	toStop := func(task *types.Task) {
		task.DesiredStatus, task.StopCode = aws.String("STOPPED"), types.TaskStopCodeSpotInterruption
	}
	for status, want := range map[string]struct{ stopping, ended bool }{
		"RUNNING": {true, false}, "DEACTIVATING": {true, false}, "STOPPING": {true, false},
		"DEPROVISIONING": {true, true}, "STOPPED": {true, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			tasks := slow(t, &fakeECS{describe: describes{in(status, toStop)}})
			stopping, ended := tasks.Check(t.Context(), arn, Stopping), tasks.Check(t.Context(), arn, Ended)
			if (stopping != nil) != want.stopping || (ended != nil) != want.ended {
				t.Errorf("%s: stopping %v, ended %v", status, stopping, ended)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		api := &fakeECS{describe: describes{in("RUNNING"), in("STOPPING", toStop), in("STOPPING", toStop),
			in("DEPROVISIONING", toStop)}}
		err := slow(t, api).Await(t.Context(), arn, Ended)
		if err == nil || !strings.Contains(err.Error(), "SpotInterruption") || api.describes != 4 {
			t.Errorf("after %d looks: %v", api.describes, err)
		}
	})
}
