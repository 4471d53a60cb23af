/**
 * The fleet's command line: what a merge request would change, deploying it, runners added to a stack, its file checked.
 *
 * Exit codes: 0 done, with or without changes (with --detailed-exitcode 2 where there are some), 1 an error, or a danger
 * that nobody acknowledged, 130 interrupted.
 */
import { Command } from "commander";
import { registerEntries } from "./cli-entries";
import { list, seconds, target } from "./cli-values";
import { checksums, type ChecksumFlags } from "./checksums";
import { configCheck, type ConfigCheckFlags } from "./config-check";
import { deploy, destroy, type DeployFlags } from "./deploy";
import { UserError } from "./errors";
import { init, type InitFlags } from "./init";
import { tell } from "./output";
import { preview, type PreviewFlags } from "./preview";
import { maskText } from "./report/masking";

const interrupted = new AbortController();
const { signal } = interrupted;

const program = new Command("npm run")
  .usage("<command> -- [options]")
  .description("The fleet of runners: previews, deployments, groups");

/** What has succeeded in spite of an interrupt has come to its end before. */
function ended(exitCode: number): void {
  const cut = signal.aborted && exitCode !== 0;
  if (cut) tell("interrupted");
  process.exitCode = cut ? 130 : exitCode;
}

const stackOption = ["--stack <name>", "the stack"] as const;
const jsonOption = ["--json <file>", 'write the report as JSON ("-": standard output)', target] as const;
const configOption = ["--config-file <file>", "in the place of Pulumi.STACK.yaml"] as const;

program
  .command("preview")
  .description("what a deployment of the stack would do; changes nothing")
  .requiredOption(...stackOption)
  .option(...jsonOption)
  .option("--markdown <file>", 'write the report as Markdown ("-": standard output)', target)
  .option("--merge-request", "write the report into the merge request of this CI job, and check the policy")
  .option("--outdated", "say in the merge request's note, if there is one, that the stack is not changed any more")
  .option("--policy", "fail on dangers that are not acknowledged")
  .option("--acknowledge <ids>", "dangers that are acknowledged, with commas between", list)
  .option("--detailed-exitcode", "exit code 2 where there are changes")
  .option(...configOption)
  .action(async (flags: PreviewFlags) => ended(await preview(flags, signal)));

for (const [name, what, run] of [
  ["deploy", "deploy the stack", deploy],
  ["destroy", "take down all that the stack consists of", destroy],
] as const) {
  const command = program
    .command(name)
    .description(what)
    .requiredOption(...stackOption)
    .option(...jsonOption)
    .option("--lock-timeout <seconds>", "how long to wait while somebody else deploys the stack", seconds, 600)
    .option(...configOption);
  if (name === "destroy") command.option("--yes", "really");
  command.action(async (flags: DeployFlags) => ended(await run(flags, signal)));
}

registerEntries(program, ended, signal);

program
  .command("checksums")
  .description("look up the checksums of a version of GitLab Runner, with GitLab's signature, and pin them")
  .argument("[version]", "left out: the stack's, or the default")
  .option("--stack <name>", "pin them in the stack's file; left out: print them")
  .option("--require-signature", "refuse checksums that GitLab is not known to have signed")
  .action(async (version: string | undefined, flags: ChecksumFlags) => ended(await checksums(version, flags)));

program
  .command("init")
  .description("write the file of a new stack, from what only its owner knows; asks for what no option says")
  .option("--stack <name>", "its name")
  .option("--region <region>", "of AWS")
  .option("--gitlab-url <address>", "of GitLab; gitlab.com with --yes")
  .option("--group <path>", "the first group that gets a runner")
  .option("--admin-cidrs <networks>", "where deployments come from, with commas between")
  .option("--instance-type <type>", "of the host; t4g.small with --yes")
  .option("--yes", "ask nothing")
  .option("--force", "overwrite the stack's file, if there is one")
  .option("--no-checksums", "do not look up those of GitLab Runner")
  .action(async (flags: InitFlags) => ended(await init(flags)));

program
  .command("config:check")
  .description("what is wrong with a stack's file; asks nobody for anything")
  .requiredOption(...stackOption)
  .option(...configOption)
  .action((flags: ConfigCheckFlags) => ended(configCheck(flags)));

// npm keeps options that come without the dashes for itself.
for (const command of program.commands) command.usage(`-- ${command.usage()}`);

// The engine gets the signal too, or is told by the abort: it ends its running steps and leaves its state whole.
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => interrupted.abort());

program.parseAsync().catch((error: Error) => {
  if (error !== signal.reason) {
    tell(maskText(error instanceof UserError ? `error: ${error.message}` : (error.stack ?? error.message)));
  }
  ended(1);
});
