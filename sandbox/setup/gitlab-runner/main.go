// Command gitlab-runner is GitLab Runner with the custom executor alone.
//
// The code is GitLab Runner's own module; only the entry point is here, as the module's own pulls in every executor
// and its dependencies. Besides the executor it has the commands that a job's script calls for cache and artifacts,
// so the same static binary serves on the runner host and in the job image.
//
// Five private dependencies of the module are replaced by stubs (see ./stubs), which costs job inputs, `run:` steps,
// the wrapper command and proxy-exec.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli"

	"gitlab.com/gitlab-org/gitlab-runner/commands"
	"gitlab.com/gitlab-org/gitlab-runner/commands/helpers"
	"gitlab.com/gitlab-org/gitlab-runner/common"
	"gitlab.com/gitlab-org/gitlab-runner/executors"
	"gitlab.com/gitlab-org/gitlab-runner/executors/custom"
	"gitlab.com/gitlab-org/gitlab-runner/log"
	"gitlab.com/gitlab-org/gitlab-runner/network"
	"gitlab.com/gitlab-org/gitlab-runner/router"

	_ "gitlab.com/gitlab-org/gitlab-runner/cache/s3"
	_ "gitlab.com/gitlab-org/gitlab-runner/cache/s3v2"
	_ "gitlab.com/gitlab-org/gitlab-runner/shells"
)

func main() {
	defer exitOnLoggedPanic()

	providers := executors.NewProviderRegistry(map[string]common.ExecutorProvider{
		"custom": custom.NewProvider("gitlab-runner"),
	})
	for name, provider := range providers.All() {
		if err := common.ValidateExecutorProvider(provider); err != nil {
			panic(fmt.Sprintf("executor %s cannot be registered: %v", name, err))
		}
	}

	collector := network.NewAPIRequestsCollector()
	certificates := commands.GetDefaultCertificateDirectory()
	client := router.NewClient(
		network.NewGitLabClient(
			network.WithAPIRequestsCollector(collector),
			network.WithCertificateDirectory(certificates),
			network.WithExecutorProviderFunc(providers.GetByName),
		),
		certificates,
		common.AppVersion.UserAgent(),
	)
	defer client.Shutdown()

	app := cli.NewApp()
	app.Name = filepath.Base(os.Args[0])
	app.Usage = "a GitLab Runner"
	app.Version = common.AppVersion.ShortLine()
	cli.VersionPrinter = common.AppVersion.Printer
	app.Commands = []cli.Command{
		commands.NewListCommand(),
		commands.NewLintCommand(),
		commands.NewRegisterCommand(client, providers),
		commands.NewResetTokenCommand(client),
		commands.NewRunCommand(client, collector, providers),
		commands.NewRunSingleCommand(client, providers),
		commands.NewUnregisterCommand(client),
		commands.NewVerifyCommand(client),
		helpers.NewArtifactsDownloaderCommand(),
		helpers.NewArtifactsUploaderCommand(),
		helpers.NewCacheArchiverCommand(),
		helpers.NewCacheExtractorCommand(),
		helpers.NewCacheInitCommand(),
	}
	app.CommandNotFound = func(_ *cli.Context, command string) {
		logrus.Fatalln("Command", command, "not found.")
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
