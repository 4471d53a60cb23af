package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"gitlab-fargate-runners/driver/internal/agent/hosts"
	"gitlab-fargate-runners/driver/internal/awsapi"
	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/job"
	"gitlab-fargate-runners/driver/internal/patience"
	"gitlab-fargate-runners/driver/internal/publicip"
	"gitlab-fargate-runners/driver/internal/reap"
	"gitlab-fargate-runners/driver/internal/registry"
	"gitlab-fargate-runners/driver/internal/servicelog"
	"gitlab-fargate-runners/driver/internal/slot"
	"gitlab-fargate-runners/driver/internal/sshconn"
	"gitlab-fargate-runners/driver/internal/stage"
	"gitlab-fargate-runners/driver/internal/state"
	"gitlab-fargate-runners/driver/internal/task"
)

// newDriver puts the parts of a job's call together. The function it returns closes the log file.
func newDriver(ctx context.Context, file string, i invocation) (*stage.Driver, func(), error) {
	settings, err := loadConfig(file, i)
	if err != nil {
		return nil, nil, err
	}
	current, err := job.Load(i.Getenv, hostname())
	if err != nil {
		return nil, nil, err
	}
	shared, closeLog, err := parts(ctx, settings, i.Stderr, "job", current.ID)
	if err != nil {
		return nil, nil, err
	}
	tasks := shared.tasks
	driver := &stage.Driver{
		Config:    settings,
		AgentFile: agentFile(settings.Agent.File),
		Job:       current,
		Volume:    stage.JobVolume,
		HostsFile: hosts.File,
		Store:     shared.store,
		Slots:     slot.In(settings.TaskMetadata.Directory),
		Waits:     patience.In(settings.TaskMetadata.Directory),
		Log:       tasks.Log,
		Stdout:    i.Stdout,
		Stderr:    i.Stderr,
		Tasks:     tasks,
		Connect: func(ctx context.Context, target sshconn.Target, retrying sshconn.Attempt) (stage.Connection, error) {
			client, err := sshconn.Connect(ctx, settings.SSH, target, retrying)
			if err != nil {
				return nil, err
			}
			return client, nil
		},
	}
	tasks.Show = driver.Tally.Show
	if settings.Fargate.ReadRegistries {
		driver.Registry = &registry.Reader{
			Transport: registry.NewTransport(), ECR: registry.ECRClient{Settings: shared.aws, Log: tasks.Log},
			Job: registry.OfJob(current, tasks.Log), Kept: registry.KeptIn(settings.TaskMetadata.Directory),
			Limit: registry.DefaultLimit, Log: tasks.Log,
		}
	}
	return driver, closeLog, nil
}

// loadConfig reads the file. The command line overrides the file.
func loadConfig(file string, i invocation) (*config.Config, error) {
	return config.Load(file, i.Getenv, *i.flags)
}

// newReaper puts the parts of reap together, which belongs to no job. The function it returns closes the log file.
func newReaper(ctx context.Context, file string, i invocation) (*reap.Reaper, func(), error) {
	settings, err := loadConfig(file, i)
	if err != nil {
		return nil, nil, err
	}
	shared, closeLog, err := parts(ctx, settings, i.Stderr)
	if err != nil {
		return nil, nil, err
	}
	return &reap.Reaper{
		Tasks: shared.tasks, Store: shared.store, Now: time.Now, Log: shared.tasks.Log, Stdout: i.Stdout,
		Leftovers: []reap.Leftovers{
			slot.In(settings.TaskMetadata.Directory), patience.In(settings.TaskMetadata.Directory),
		},
	}, closeLog, nil
}

// common is what every call that talks to ECS needs.
type common struct {
	store *state.Store
	tasks *task.Tasks
	aws   func() (aws.Config, error)
}

// parts puts that together. logged are attributes of every log record. The function it returns closes the log file.
func parts(ctx context.Context, settings *config.Config, stderr io.Writer, logged ...any) (common, func(), error) {
	store, err := state.Open(settings.TaskMetadata.Directory)
	if err != nil {
		return common{}, nil, err
	}
	log, closeLog, err := newLogger(settings, stderr)
	if err != nil {
		return common{}, nil, err
	}
	log = log.With(logged...)
	awsSettings := sync.OnceValues(func() (aws.Config, error) {
		loaded, err := loadAWS(context.WithoutCancel(ctx), settings.Fargate)
		loaded.APIOptions = append(loaded.APIOptions, awsapi.Log(log))
		return loaded, err
	})
	client := awsapi.ECS{Client: sync.OnceValues(func() (*ecs.Client, error) {
		loaded, err := awsSettings()
		return ecs.NewFromConfig(loaded), err
	})}
	tasks := &task.Tasks{
		API: client, Definitions: client, Logs: servicelog.Client{Settings: awsSettings, Log: log},
		Addresses: &publicip.Client{Config: awsSettings, Attempts: settings.Fargate.APIAttempts, Log: log},
		Config:    settings.Fargate,
		Region: func() (string, error) {
			loaded, err := awsSettings()
			return loaded.Region, err
		},
		Log:               log,
		Probe:             task.ProbePort(settings.SSH.Port),
		ConsistencyWindow: task.DefaultConsistencyWindow,
	}
	return common{store, tasks, awsSettings}, closeLog, nil
}

// credentialsTimeout bounds the requests for the host's credentials, which come from the instance metadata service.
const credentialsTimeout = 30 * time.Second

func loadAWS(ctx context.Context, settings config.Fargate) (aws.Config, error) {
	loaded, err := awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithRegion(settings.Region),
		// The SDK's default client waits for an answer without a limit.
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(settings.APITimeout.Duration)),
		awsconfig.WithRetryer(func() aws.Retryer { return newRetryer(settings.APIAttempts) }),
		awsapi.UnhurriedHostRole(),
	)
	if err != nil {
		return aws.Config{}, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	loaded.Credentials = awsapi.Patient(loaded.Credentials, credentialsTimeout)
	if loaded.Region == "" {
		return aws.Config{}, failure.New("Set Fargate.Region in fargate.toml, or AWS_REGION.", "no AWS region is set")
	}
	return loaded, nil
}

// newRetryer returns the SDK's own, which also repeats calls that AWS throttles without calling it so.
func newRetryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if task.Throttled(err) {
				return aws.TrueTernary
			}
			return aws.UnknownTernary
		}))
	})
}

func newLogger(settings *config.Config, stderr io.Writer) (*slog.Logger, func(), error) {
	to, closeLog := stderr, func() {}
	if settings.LogFile != "" {
		file, err := os.OpenFile(settings.LogFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("opening LogFile: %w", err)
		}
		to, closeLog = file, func() { _ = file.Close() }
	}
	options := &slog.HandlerOptions{Level: settings.Level()}
	if settings.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options)), closeLog, nil
	}
	return slog.New(slog.NewTextHandler(to, options)), closeLog, nil
}

// agentFile returns the configured file, or the ci-agent that lies beside this driver.
func agentFile(configured string) string {
	if configured != "" {
		return configured
	}
	own, _ := os.Executable()
	return filepath.Join(filepath.Dir(own), "ci-agent")
}

// hostname returns "" where the system has no host name.
func hostname() string {
	name, _ := os.Hostname()
	return name
}
