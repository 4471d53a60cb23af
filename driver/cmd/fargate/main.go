// Command fargate is a driver for GitLab Runner's custom executor that runs each job in an AWS Fargate task of its own.
//
//	fargate --config FILE custom config            answers the runner's config_exec
//	fargate --config FILE custom prepare           starts the job's task and waits until it can be reached
//	fargate --config FILE custom run SCRIPT STAGE  runs one stage's script in the task
//	fargate --config FILE custom cleanup           stops the task; can be repeated
//	fargate --config FILE reap [--dry-run]         stops tasks that have outlived their jobs, on whatever host
//	fargate --version
//
// --log-format, --log-file, --log-level and --debug override the file's keys, --task-def and --platform-version the
// file's and the job's choice. --profile names one of the file's Profiles, whose keys count in the place of Fargate's.
// The other flags, and c, co, p, r and cl for custom and its calls, are the community driver's.
//
// The driver takes the community driver's command line, fargate.toml and task definition; package internal/config lists
// the file's keys. The task definition needs a container named ci-coordinator. Its sshd must accept the key that the
// driver passes in SSH_PUBLIC_KEY.
//
// A timer calls reap. It may run at any time, beside jobs and on several hosts at once. It stops every task of the
// cluster whose deadline (the job's timeout and Fargate.LifetimeMargin) has passed, whichever host started it. It stops
// a task of its own host as soon as it knows that the job is over: the job's state is gone, its clean-up failed, or its
// runner process has ended. It leaves alone what no driver started, and what carries another stack's
// gitlab-fargate-runners:stack tag. It exits with 0 when it has stopped all such tasks, or found none, and with 2 when
// a task could not be stopped or the cluster could not be read.
//
// # Environment
//
// Set by the runner:
//
//   - JOB_RESPONSE_FILE: the job as GitLab sent it. The driver reads the job's identity, image and services from this
//     file, because a job can override any CUSTOM_ENV_* with a variable of its own.
//   - BUILD_FAILURE_EXIT_CODE, SYSTEM_FAILURE_EXIT_CODE: the driver's exit codes for a failed script and for any other
//     failure. Default: 1 and 2.
//   - BUILD_EXIT_CODE_FILE: the driver writes the script's exit code to this file.
//   - CUSTOM_ENV_FARGATE_TASK_DEFINITION, CUSTOM_ENV_FARGATE_PLATFORM_VERSION: CI variables that override the file's
//     keys, within the file's bounds where it sets any.
//   - CUSTOM_ENV_FARGATE_CPU, CUSTOM_ENV_FARGATE_MEMORY, CUSTOM_ENV_FARGATE_EPHEMERAL_STORAGE: CI variables that choose
//     the task's size, within the file's bounds. A value outside the bounds fails the job without a retry.
//   - CUSTOM_ENV_CI_JOB_ID, CUSTOM_ENV_CI_PROJECT_ID, CUSTOM_ENV_CI_JOB_TOKEN, CUSTOM_ENV_CI_JOB_IMAGE: replace
//     JOB_RESPONSE_FILE where the runner writes none. CUSTOM_ENV_CI_PIPELINE_ID and CUSTOM_ENV_CI_RUNNER_ID replace
//     what the file lacks.
//   - CUSTOM_ENV_CI_RUNNER_VERSION: prepare tells the job's log where the image's gitlab-runner has another version.
//
// The AWS SDK reads AWS_REGION (where the file sets no Region), AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_ECS,
// AWS_ENDPOINT_URL_EC2, and the variables of its credential chain.
//
// # Output
//
// GitLab shows the output of prepare and run as the job's log. The driver writes log records to stderr, or to LogFile.
// It reports an error as one sentence on stderr, followed by a hint where it has one.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"gitlab-fargate-runners/driver/internal/footprint"
	"gitlab-fargate-runners/driver/internal/stage"
)

func main() {
	footprint.OneThread()
	ctx, cancel := context.WithCancelCause(context.Background())
	// When the runner dies, its end of the pipe closes. Without this, SIGPIPE would end a cleanup before it stops the
	// task.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancel(stage.ErrCancelled)
	}()
	call := invocation{Args: os.Args[1:], Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(execute(ctx, call, assembly{driver: newDriver, reaper: newReaper}))
}
