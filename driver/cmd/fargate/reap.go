package main

import (
	"context"

	"github.com/spf13/cobra"

	"gitlab-fargate-runners/driver/internal/reap"
)

func reapCommand(
	i invocation, file *string, assemble func(context.Context, string, invocation) (*reap.Reaper, func(), error),
) *cobra.Command {
	command := &cobra.Command{
		Use: "reap", Short: "Stop tasks that have outlived their jobs", Args: cobra.NoArgs,
	}
	dryRun := command.Flags().Bool("dry-run", false, "only tell what would be stopped")
	command.RunE = func(command *cobra.Command, _ []string) error {
		reaper, closeLog, err := assemble(command.Context(), *file, i)
		if err != nil {
			return err
		}
		defer closeLog()
		reaper.DryRun = *dryRun
		return reaper.Run(command.Context())
	}
	return command
}
