/**
 * The fleet's command line: what a merge request would change, deploying it, groups added to a stack, its file checked.
 *
 * Exit codes: 0 done, with or without changes (with --detailed-exitcode 2 where there are some), 1 an error, or a danger
 * that nobody acknowledged, 130 interrupted.
 */
import { Command, InvalidArgumentError } from "commander";
import { checksums, type ChecksumFlags } from "./checksums";
import { configCheck, type ConfigCheckFlags } from "./config-check";
import { deploy, destroy, type DeployFlags } from "./deploy";
import { addEntry, removeEntry, type EntryFlags } from "./entries";
import { UserError } from "./errors";
import { tell, unwritable } from "./output";
import { preview, type PreviewFlags } from "./preview";
import { maskText } from "./report/masking";

const interrupted = new AbortController();
const { signal } = interrupted;

const list = (text: string) =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

function tags(text: string): string[] {
  const words = list(text);
  if (words.length === 0) throw new InvalidArgumentError("it names no tag");
  return words;
}

/** A report's file: one that cannot be written is told before anything is done, and not after it. */
function target(file: string): string {
  const problem = unwritable(file);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return file;
}

function seconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("not a number of seconds");
  return Number(text);
}

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

program
  .command("add-group")
  .description("add a group to the stack's config, and preview that")
  .argument("<path>")
  .requiredOption(...stackOption)
  .option("--tags <tags>", "with commas between", tags)
  .option("--size <name>", "one of the stack's sizes")
  .option(...jsonOption)
  .option("--no-preview", "only edit the file")
  .action(async (path: string, { tags, size, ...flags }: EntryFlags & { tags?: string[]; size?: string }) =>
    ended(await addEntry({ path, tags, size }, flags, signal)),
  );

program
  .command("remove-group")
  .description("remove a group from the stack's config, and preview that")
  .argument("<path>")
  .requiredOption(...stackOption)
  .option(...jsonOption)
  .option("--no-preview", "only edit the file")
  .action(async (path: string, flags: EntryFlags) => ended(await removeEntry(path, flags, signal)));

program
  .command("checksums")
  .description("look up the checksums of a version of GitLab Runner, with GitLab's signature, and pin them")
  .argument("[version]", "left out: the stack's, or the default")
  .option("--stack <name>", "pin them in the stack's file; left out: print them")
  .option("--require-signature", "refuse checksums that GitLab is not known to have signed")
  .action(async (version: string | undefined, flags: ChecksumFlags) => ended(await checksums(version, flags)));

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
