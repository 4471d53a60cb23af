// Command fargate is a driver for GitLab Runner's custom executor that runs each job in an AWS Fargate task of its own.
//
//	fargate --config FILE custom config            answers the runner's config_exec
//	fargate --config FILE custom prepare           starts the job's task and waits until it can be reached
//	fargate --config FILE custom run SCRIPT STAGE  runs one stage's script in the task
//	fargate --config FILE custom cleanup           stops the task; can be repeated
//	fargate --config FILE reap [--dry-run]         stops tasks that have outlived their jobs, on whatever host
//	fargate --version
//
// --log-format text or json counts more than the file's LogFormat.
//
// The command line, fargate.toml and the task definition are the community driver's; package internal/config lists the
// file's keys. The task needs a container named ci-coordinator with an sshd that lets the key in which it finds in
// SSH_PUBLIC_KEY.
//
// reap is for a timer. It may run at any time, on several hosts at once and beside jobs: it stops a task of the cluster
// whose deadline (the job's timeout and Fargate.LifetimeMargin) has passed, whichever host started it, and one of its own
// host as soon as the job is known to be over: its state is gone, its clean-up has failed, or its runner process has
// ended. It leaves alone what no driver has started, and what carries another stack's gitlab-fargate-runners:stack tag.
// It exits with 0 once all of them are stopped, also where there was none; with 2 where one was not, or nobody could look.
//
// # Environment
//
// Set by the runner:
//
//   - JOB_RESPONSE_FILE: the job as GitLab sent it. The driver takes the job's identity, image and services from here,
//     for a job can override any CUSTOM_ENV_* by a variable of its own.
//   - BUILD_FAILURE_EXIT_CODE, SYSTEM_FAILURE_EXIT_CODE: what to exit with when the script failed, and when anything
//     else did. Default: 1 and 2.
//   - BUILD_EXIT_CODE_FILE: takes the script's exit code.
//   - CUSTOM_ENV_FARGATE_TASK_DEFINITION, CUSTOM_ENV_FARGATE_PLATFORM_VERSION: CI variables that override the file's,
//     within the file's bounds where it has any.
//   - CUSTOM_ENV_FARGATE_CPU, CUSTOM_ENV_FARGATE_MEMORY, CUSTOM_ENV_FARGATE_EPHEMERAL_STORAGE: CI variables by which a
//     job chooses its task's size, within the file's bounds. What lies outside fails the job, and is not tried again.
//   - CUSTOM_ENV_CI_JOB_ID, CUSTOM_ENV_CI_PROJECT_ID, CUSTOM_ENV_CI_JOB_TOKEN, CUSTOM_ENV_CI_JOB_IMAGE: stand in for
//     JOB_RESPONSE_FILE with runners that write none; CUSTOM_ENV_CI_PIPELINE_ID and CUSTOM_ENV_CI_RUNNER_ID for what is
//     not in it.
//
// Read by the AWS SDK: AWS_REGION (where the file has no Region), AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_ECS,
// AWS_ENDPOINT_URL_EC2, and the variables of its credential chain.
//
// # Output
//
// stdout and stderr of prepare and run are the job's log. Log records go to stderr, or to LogFile. An error is one
// sentence on stderr, with a hint where there is one.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"gitlab-fargate-runners/driver/internal/stage"
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	// A runner that died must not end a cleanup by the pipe it left: writing fails, the task is stopped all the same.
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
