// Command helper is gitlab-runner-helper: the commands that a job's scripts call, and no executor.
//
// The code is GitLab Runner's own module; only the entry point is here, as the module's own pulls in the step runner,
// which is among the stubs (see ../stubs). proxy-exec, `steps` and the memory limit from the cgroup are missing so.
package main

import (
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli"

	"gitlab.com/gitlab-org/gitlab-runner/commands/helpers"
	"gitlab.com/gitlab-org/gitlab-runner/common"
	"gitlab.com/gitlab-org/gitlab-runner/log"
)

func main() {
	defer exitOnLoggedPanic()

	app := cli.NewApp()
	app.Name = filepath.Base(os.Args[0])
	app.Usage = "a GitLab Runner Helper"
	app.Version = common.AppVersion.ShortLine()
	cli.VersionPrinter = common.AppVersion.Printer
	app.Commands = []cli.Command{
		helpers.NewArtifactsDownloaderCommand(),
		helpers.NewArtifactsUploaderCommand(),
		helpers.NewCacheArchiverCommand(),
		helpers.NewCacheExtractorCommand(),
		helpers.NewCacheInitCommand(),
		helpers.NewHealthCheckCommand(),
		helpers.NewProbeURLCommand(),
		helpers.NewVerifyVersionCommand(),
		helpers.NewReadLogsCommand(),
	}
	app.CommandNotFound = func(_ *cli.Context, command string) {
		logrus.Fatalln("Command", command, "not found")
	}
	log.ConfigureLogging(app)

	if err := app.Run(os.Args); err != nil {
		logrus.Fatal(err)
	}
}

// exitOnLoggedPanic ends the program quietly when it panicked with a log entry: logrus has printed that already.
func exitOnLoggedPanic() {
	switch reason := recover().(type) {
	case nil:
	case *logrus.Entry:
		os.Exit(1)
	default:
		panic(reason)
	}
}
