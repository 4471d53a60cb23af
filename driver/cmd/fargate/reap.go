package main

import "github.com/spf13/cobra"

func reapCommand(p process, file *string) *cobra.Command {
	command := &cobra.Command{
		Use: "reap", Short: "Stop tasks that have outlived their jobs", Args: cobra.NoArgs,
	}
	dryRun := command.Flags().Bool("dry-run", false, "only tell what would be stopped")
	command.RunE = func(command *cobra.Command, _ []string) error {
		reaper, closeLog, err := newReaper(command.Context(), *file, p)
		if err != nil {
			return err
		}
		defer closeLog()
		reaper.DryRun = *dryRun
		return reaper.Run(command.Context())
	}
	return command
}
