package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"gitlab-fargate-runners/driver/internal/awsapi"
	"gitlab-fargate-runners/driver/internal/ecstest"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/stage"
	"gitlab-fargate-runners/driver/internal/task"
)

// A task has its address after some seconds, and runs half a minute after RunTask; ECS says so a little later.
const (
	attachedAfter  = 10 * time.Second
	answersAfter   = 33 * time.Second
	runningAfter   = 35 * time.Second
	answerOfTheAPI = 50 * time.Millisecond
)

// fleet is many jobs whose calls are made at the same time, with the SDK and an ECS that throttles as AWS's does. It
// runs in a bubble of synctest: its clock is no machine's, so what it measures is the same on each.
type fleet struct {
	t      testing.TB
	ecs    *ecstest.Server
	dir    string
	client *ecs.Client
	jobs   int
	// created is when each job's task was, by its startedBy.
	created sync.Map
}

func newFleet(t *testing.T, jobs int) *fleet {
	t.Helper()
	f := &fleet{t: t, ecs: ecstest.New(), dir: t.TempDir(), jobs: jobs}
	f.ecs.Latency, f.ecs.EarlyAddress = answerOfTheAPI, true
	f.ecs.Timeline = []ecstest.Moment{{Status: "PROVISIONING"}, {After: attachedAfter, Status: "PENDING"},
		{After: runningAfter, Status: "RUNNING"}}
	f.ecs.Throttle()
	f.ecs.OnRun = func(task *ecstest.Task) { f.created.Store(task.StartedBy, task.CreatedAt) }
	f.client = ecs.New(ecs.Options{
		Region: "us-east-1", HTTPClient: &http.Client{Transport: f.ecs}, Retryer: newRetryer(8),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	f.write("fargate.toml", fmt.Sprintf(`
[Fargate]
Cluster = "cluster"
Region = "us-east-1"
Subnet = "subnet-1"
SecurityGroup = "sg-1"
TaskDefinition = "ci:3"
[TaskMetadata]
Directory = %q
`, filepath.Join(f.dir, "metadata")))
	for id := range jobs {
		payload, _ := json.Marshal(map[string]any{"id": id + 1, "token": fmt.Sprint("jobtok-", id)})
		f.write(fmt.Sprint("job-", id), string(payload))
	}
	return f
}

func (f *fleet) write(name, content string) {
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// call makes the call for all jobs at once and returns when the last has ended.
func (f *fleet) call(name string) (took time.Duration) {
	f.t.Helper()
	begin := time.Now()
	var all sync.WaitGroup
	for id := range f.jobs {
		all.Go(func() {
			var output bytes.Buffer
			env := map[string]string{"JOB_RESPONSE_FILE": filepath.Join(f.dir, fmt.Sprint("job-", id))}
			code := execute(f.t.Context(), invocation{
				Args:   []string{"--config", filepath.Join(f.dir, "fargate.toml"), "custom", name},
				Getenv: func(name string) string { return env[name] }, Stdout: &output, Stderr: &output,
			}, adapted(f.adapt, nil))
			if code != 0 {
				f.t.Errorf("%s of job %d: exit code %d\n%s", name, id+1, code, output.String())
			}
		})
	}
	all.Wait()
	return time.Since(begin)
}

// adapt lets the driver reach the fleet's ECS and, in the place of a network, its tasks.
func (f *fleet) adapt(driver *stage.Driver) {
	tasks := driver.Tasks.(*task.Tasks)
	options := func(o *ecs.Options) { o.APIOptions = append(o.APIOptions, awsapi.Log(driver.Log)) }
	client := ecs.New(f.client.Options(), options)
	tasks.API = awsapi.ECS{Client: func() (*ecs.Client, error) { return client, nil }}
	tasks.Probe = func(context.Context, string) bool {
		created, there := f.created.Load(driver.Job.StartedBy())
		return there && time.Since(created.(time.Time)) >= answersAfter
	}
	driver.Connect = func(context.Context, sshconn.Target, sshconn.Attempt) (stage.Connection, error) {
		return reached{}, nil
	}
}

// reached is a connection to a task that has no agent.
type reached struct{ stage.Connection }

func (reached) Output(context.Context, string, io.Reader) (string, int, error) { return "", 0, nil }
func (reached) PinnedKey() string                                              { return "ssh-ed25519 AAAA" }
func (reached) Close() error                                                   { return nil }

// measure runs the jobs from prepare to cleanup, each call of all of them at once.
func measure(t *testing.T, jobs int) (f *fleet, prepared, cleaned time.Duration) {
	f = newFleet(t, jobs)
	prepared = f.call("prepare")
	if tasks := len(f.ecs.Tasks()); tasks != jobs || f.ecs.Running() != jobs {
		t.Errorf("%d tasks for %d jobs, of which %d run", tasks, jobs, f.ecs.Running())
	}
	time.Sleep(time.Minute)
	cleaned = f.call("cleanup")
	if f.ecs.Running() != 0 {
		t.Errorf("%d tasks are left", f.ecs.Running())
	}
	return f, prepared, cleaned
}

// perJob is how many calls of an action a job made.
func (f *fleet) perJob(action string) float64 { return float64(f.ecs.Calls(action)) / float64(f.jobs) }

// floor is the least that so many prepares at once can take: until a task answers, and until RunTask's buckets have let
// all calls pass, 100 at once and then 20 a second.
func floor(jobs int) time.Duration {
	return answersAfter + time.Duration(max(0, jobs-100))*time.Second/20
}

// All jobs get their task at an ECS that throttles, and look at it no more often than ECS grants to so many: 100 looks
// at once, and 20 a second for all of them together.
func TestManyJobsAtOnce(t *testing.T) {
	for jobs, most := range map[int]map[string]float64{
		50:  {"RunTask": 1, "DescribeTasks": 8, "ListTasks": 1, "StopTask": 1},
		100: {"RunTask": 1, "DescribeTasks": 8, "ListTasks": 1, "StopTask": 1},
		// Half of these find the buckets of RunTask, ListTasks and StopTask empty.
		200: {"RunTask": 4, "DescribeTasks": 8, "ListTasks": 5, "StopTask": 3},
	} {
		t.Run(fmt.Sprint(jobs), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, prepared, cleaned := measure(t, jobs)
				for action, most := range most {
					if calls := f.perJob(action); calls > most {
						t.Errorf("%s: %.2f calls a job, which are more than %.0f", action, calls, most)
					}
					t.Logf("%s: %.2f calls a job, %d throttled", action, f.perJob(action), f.ecs.Throttled(action))
				}
				t.Logf("prepare: %s more than the floor of %s; cleanup: %s", (prepared - floor(jobs)).Round(time.Millisecond),
					floor(jobs), cleaned)
			})
		})
	}
}

// RunTask stays throttled for longer than the SDK repeats it, or than the driver lets one call take, and the job waits for
// it as it does for capacity.
func TestRunTaskThatStaysThrottled(t *testing.T) {
	for name, latency := range map[string]time.Duration{"in every try": answerOfTheAPI, "until its time is over": 9 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 3)
				until := time.Now().Add(5 * time.Minute)
				f.ecs.Latency = latency
				f.ecs.Fail = func(action string, _ int) string {
					if action == "RunTask" && time.Now().Before(until) {
						return "ThrottlingException: Rate exceeded"
					}
					return ""
				}
				if took := f.call("prepare"); took < 5*time.Minute {
					t.Errorf("prepare took %s", took)
				}
				if tasks := len(f.ecs.Tasks()); tasks != 3 || f.ecs.Running() != 3 {
					t.Errorf("%d tasks for 3 jobs, of which %d run", tasks, f.ecs.Running())
				}
			})
		})
	}
}
