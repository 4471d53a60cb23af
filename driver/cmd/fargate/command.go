package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/job"
	"gitlab-fargate-runners/driver/internal/reap"
	"gitlab-fargate-runners/driver/internal/stage"
)

// version is the driver's version. The runner gets it from `config`, a person from --version.
const version = "0.1.0"

// invocation is what the caller gives to a call.
type invocation struct {
	Args           []string
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	// flags are those of the command line that count more than the file.
	flags *config.Flags
}

// assembly creates the driver of a job's call and the reaper. The functions that they return close the log file.
type assembly struct {
	driver func(ctx context.Context, file string, i invocation) (*stage.Driver, func(), error)
	reaper func(ctx context.Context, file string, i invocation) (*reap.Reaper, func(), error)
}

// execute runs one call and returns its exit code.
func execute(ctx context.Context, i invocation, assemble assembly) int {
	command := rootCommand(i, assemble)
	command.SetArgs(i.Args)
	command.SetOut(i.Stdout)
	command.SetErr(i.Stderr)
	return exitCode(command.ExecuteContext(ctx), i)
}

func rootCommand(i invocation, assemble assembly) *cobra.Command {
	root := &cobra.Command{
		Use:           "fargate",
		Short:         "Run GitLab CI jobs in AWS Fargate tasks",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	file := root.PersistentFlags().String("config", "/etc/gitlab-runner/fargate.toml",
		"the driver's configuration `file`")
	i.flags = &config.Flags{}
	root.PersistentFlags().StringVar(&i.flags.LogFormat, "log-format", "", "text or json, instead of the file's LogFormat")
	root.PersistentFlags().StringVar(&i.flags.LogFile, "log-file", "", "a `file`, instead of the file's LogFile")
	root.PersistentFlags().StringVar(&i.flags.LogLevel, "log-level", "", "instead of the file's LogLevel")
	root.PersistentFlags().BoolVar(&i.flags.Debug, "debug", false, "as --log-level debug")
	root.PersistentFlags().StringVar(&i.flags.TaskDefinition, "task-def", "",
		"instead of the file's TaskDefinition and the job's FARGATE_TASK_DEFINITION")
	root.PersistentFlags().StringVar(&i.flags.PlatformVersion, "platform-version", "",
		"instead of the file's PlatformVersion and the job's FARGATE_PLATFORM_VERSION")
	root.PersistentFlags().StringVar(&i.flags.Profile, "profile", "",
		"a `name` of the file's Profiles, whose keys replace those of Fargate")
	custom := &cobra.Command{
		Use: "custom", Aliases: []string{"c"}, Short: "The calls of GitLab Runner's custom executor", Args: cobra.NoArgs,
		// Without a subcommand the driver does nothing, and the runner must not take that for success.
		RunE: func(*cobra.Command, []string) error {
			return failure.New("", "custom needs a call: config, prepare, run or cleanup")
		},
	}
	with := func(ctx context.Context) (*stage.Driver, func(), error) { return assemble.driver(ctx, *file, i) }
	root.AddCommand(custom, reapCommand(i, file, assemble.reaper))
	custom.AddCommand(
		&cobra.Command{
			Use: "config", Aliases: []string{"co"}, Short: "Tell the runner about the driver", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				// The driver reads the file here so that a mistake in it shows before it starts anything.
				settings, err := loadConfig(*file, i)
				if err == nil {
					err = settings.NoProfile
				}
				if err != nil {
					return err
				}
				folders, err := stage.Folders(settings, func() (job.Job, error) { return job.Load(i.Getenv, hostname()) })
				if err != nil {
					return err
				}
				return stage.Configure(i.Stdout, version, hostname(), folders)
			},
		},
		driverCommand("prepare", "Start the job's task", cobra.NoArgs, with,
			func(ctx context.Context, d *stage.Driver, _ []string) error { return d.Prepare(ctx) }),
		driverCommand("run SCRIPT STAGE", "Run a script in the job's task", cobra.ExactArgs(2), with,
			func(ctx context.Context, d *stage.Driver, args []string) error { return d.Run(ctx, args[0], args[1]) }),
		driverCommand("cleanup", "Stop the job's task", cobra.NoArgs, with,
			func(ctx context.Context, d *stage.Driver, _ []string) error { return d.Cleanup(ctx) }),
	)
	return root
}

// aliases are the community driver's.
var aliases = map[string][]string{"prepare": {"p"}, "run SCRIPT STAGE": {"r"}, "cleanup": {"cl"}}

// driverCommand returns a command that runs with the driver that assemble returns.
func driverCommand(
	use, short string, args cobra.PositionalArgs,
	assemble func(context.Context) (*stage.Driver, func(), error),
	run func(context.Context, *stage.Driver, []string) error,
) *cobra.Command {
	return &cobra.Command{
		Use: use, Aliases: aliases[use], Short: short, Args: args,
		RunE: func(command *cobra.Command, args []string) error {
			driver, closeLog, err := assemble(command.Context())
			if err != nil {
				return err
			}
			defer closeLog()
			started := time.Now()
			err = run(command.Context(), driver, args)
			count(driver, command.Name(), args, started, err)
			if err != nil {
				err = driver.Explain(context.WithoutCancel(command.Context()), err)
				driver.Log.Debug("failed", "error", err)
				return err
			}
			return nil
		},
	}
}
