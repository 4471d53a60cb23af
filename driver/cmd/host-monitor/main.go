// Command host-monitor tells CloudWatch the state of a runner's host. It takes no part in jobs.
//
//	host-monitor report --stack NAME --host ID --cluster NAME --region REGION [--runner URL] [--disk PATH] [--spot]
//	host-monitor ship-log --log-group NAME --stream NAME --region REGION --unit UNIT…
//
// A timer calls report. It looks at the runner's Prometheus endpoint, at the cluster's tasks and at the disk, and puts
// metrics (package internal/report lists them). It exits with 0 when it could look at everything and put all metrics.
//
// A service runs ship-log. It follows the journal of units and copies it to CloudWatch Logs until SIGTERM tells it to
// stop. It resumes where it stopped, also after a kill (package internal/shiplog).
//
// # Environment
//
// systemd sets STATE_DIRECTORY: the folder for what one call leaves for the next. The AWS SDK reads AWS_ENDPOINT_URL
// and the variables of its credential chain.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/spf13/cobra"

	"gitlab-fargate-runners/driver/internal/awsapi"
	"gitlab-fargate-runners/driver/internal/report"
	"gitlab-fargate-runners/driver/internal/shiplog"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := execute(ctx, os.Args[1:], os.Getenv, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one call and returns its exit code.
func execute(ctx context.Context, args []string, getenv func(string) string, stderr io.Writer) int {
	root := &cobra.Command{
		Use: "host-monitor", Short: "Tell CloudWatch how a runner's host is", SilenceUsage: true, SilenceErrors: true,
		RunE: func(*cobra.Command, []string) error { return errors.New("a call is missing: report or ship-log") },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	region := root.PersistentFlags().String("region", "", "the stack's AWS `region`")
	root.AddCommand(reportCommand(region, getenv), shipLogCommand(region, getenv, stderr))
	root.SetArgs(args)
	root.SetOut(stderr)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintf(stderr, "ERROR: %v\n", err)
		return 1
	}
	return 0
}

func reportCommand(region *string, getenv func(string) string) *cobra.Command {
	r := &report.Report{HTTP: &http.Client{Timeout: 10 * time.Second}, Now: time.Now}
	command := &cobra.Command{Use: "report", Short: "Put metrics, once", Args: cobra.NoArgs}
	flags := command.Flags()
	flags.StringVar(&r.Stack, "stack", "", "`name` of the stack")
	flags.StringVar(&r.Host, "host", "", "`id` of this host")
	flags.StringVar(&r.Cluster, "cluster", "", "`name` of the stack's cluster")
	flags.StringVar(&r.RunnerURL, "runner", "http://127.0.0.1:9252/metrics", "the runner's Prometheus `endpoint`")
	flags.StringVar(&r.Disk, "disk", "/", "a `path` on the file system to look at")
	flags.BoolVar(&r.Spot, "spot", false, "tell tasks on spot capacity and their interruptions too")
	require(command, "stack", "host", "cluster")
	command.RunE = prepared(region, getenv, &r.Directory, func(ctx context.Context, settings aws.Config) error {
		r.ECS, r.CloudWatch = ecs.NewFromConfig(settings), cloudwatch.NewFromConfig(settings)
		return r.Send(ctx)
	})
	return command
}

func shipLogCommand(region *string, getenv func(string) string, stderr io.Writer) *cobra.Command {
	journal := &shiplog.Journal{Command: "journalctl"}
	s := &shiplog.Shipper{
		Source: journal, Gather: time.Second, Retry: time.Second, MaxRetry: time.Minute,
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	}
	command := &cobra.Command{Use: "ship-log", Short: "Copy the journal of units to CloudWatch Logs",
		Args: cobra.NoArgs}
	flags := command.Flags()
	flags.StringVar(&s.Group, "log-group", "", "`name` of the log group")
	flags.StringVar(&s.Stream, "stream", "", "`name` of the log stream; made where there is none")
	flags.StringArrayVar(&journal.Units, "unit", nil, "a `unit` whose journal is copied; repeatable")
	require(command, "log-group", "stream", "unit")
	command.RunE = prepared(region, getenv, &s.Directory, func(ctx context.Context, settings aws.Config) error {
		s.Logs = cloudwatchlogs.NewFromConfig(settings)
		return s.Run(ctx)
	})
	return command
}

func require(command *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := command.MarkFlagRequired(flag); err != nil {
			panic(err) // no such flag: a mistake of this program
		}
	}
}

// prepared runs a call once its folder and the AWS configuration are known.
func prepared(
	region *string, getenv func(string) string, directory *string, run func(context.Context, aws.Config) error,
) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, _ []string) error {
		if *directory = getenv("STATE_DIRECTORY"); *directory == "" {
			return errors.New("STATE_DIRECTORY is not set; systemd sets it where the unit has StateDirectory=")
		}
		loaded, err := loadAWS(command.Context(), *region)
		if err != nil {
			return fmt.Errorf("loading the AWS configuration: %w", err)
		}
		return run(command.Context(), loaded)
	}
}

// answerTimeout bounds the wait for an answer: the SDK's default client waits without a limit.
const answerTimeout = 15 * time.Second

func loadAWS(ctx context.Context, region string) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region),
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(answerTimeout)),
		awsapi.UnhurriedHostRole())
}
