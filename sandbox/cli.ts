/**
 * The sandbox's command line: AWS and GitLab on one machine, with the stack deployed on them.
 *
 * Exit codes: 0 done, 1 an error or a pipeline that did not do what it should, 69 a machine on which the sandbox cannot
 * run (npm's scripts make 1 of it), 130 interrupted; `pulumi` passes on the CLI's own.
 */
import * as path from "node:path";
import { Command, Option } from "commander";
import { refusedExitCode } from "../scripts/look.mjs";
import { gitlabUrl } from "./config";
import { readStatus } from "./control/client";
import type { Status } from "./control/protocol";
import { demoCancel, demoFile, demoGroup, runDemo } from "./demo-run";
import { runPulumi } from "./engine";
import { runInside } from "./inside";
import { deploy, pageLine, prepare, RefusedMachine, startDaemon, takeDown } from "./lifecycle";
import { busy, findDaemon, outOfReach, requireNone, requireStatus } from "./presence";
import { say, table, terminal, UserError } from "./report";
import { runPipelineFile } from "./run";
import { whatIsLeft } from "./world";

terminal.shows = process.stdout.isTTY && process.env.TERM !== "dumb";

const interrupted = new AbortController();
const { signal } = interrupted;
/** What an interruption does, as the command at work has it; undefined where a program on the terminal decides. */
let whenInterrupted: string | undefined = "taking down what runs; one moment";

const program = new Command("npm run sandbox --").description("GitLab and AWS on this machine, with the stack on them");

program
  .command("start")
  .description("deploy, run the demo pipeline, take everything down (npm start)")
  .action(() => runDemo(signal));

program
  .command("up")
  .description("start AWS and GitLab and deploy the stack; again: bring the stack up to date")
  .addOption(
    new Option("--aws-provider <which>", "of the engine, for as long as the sandbox is up; the real one is built first")
      .choices(["stand-in", "real"])
      .default("stand-in"),
  )
  .action(async ({ awsProvider }: { awsProvider: string }) => {
    const realAws = awsProvider === "real";
    let status = await readStatus();
    if (status?.lease) throw new UserError(busy(status));
    if (!status) {
      await requireNone();
      const tools = await prepare(signal, { realAws });
      try {
        status = await startDaemon({ tools, lease: false, realAws, signal });
      } catch (error) {
        await takeDown();
        throw error;
      }
    }
    say(pageLine(status));
    whenInterrupted = "the deployment ends where it is; the sandbox stays up";
    await deploy(status, signal);
    say("The sandbox is up. Run a pipeline: npm run sandbox -- run sandbox/demo/.gitlab-ci.yml");
    say(`Its network is its own. Look into it: npm run sandbox -- exec curl ${gitlabUrl}/api/v4/version`);
  });

program
  .command("down")
  .description("take everything down; nothing is left, whatever state the sandbox was in")
  .action(async () => {
    await takeDown();
  });

program
  .command("status")
  .description("what is up, and what is left of a sandbox that is not")
  .option("--json", "as JSON")
  .action(async ({ json }: { json?: boolean }) => {
    const status = await readStatus();
    const daemon = status ? undefined : findDaemon();
    const left = status || daemon ? [] : whatIsLeft();
    if (json) return say(JSON.stringify(status ? { up: true, ...status } : { up: false, daemon, left }));
    if (status) return say(statusText(status));
    if (daemon) return say(outOfReach(daemon));
    const of = `, and something of one is left: ${left.join(", ")}. Clear it: npm run sandbox -- down`;
    say(`The sandbox is not up${left.length === 0 ? "." : of}`);
  });

program
  .command("run")
  .description("run the pipeline of a .gitlab-ci.yml; exit code 1 when the pipeline fails")
  .argument("<file>")
  .option("--group <path>", "group whose project runs it", demoGroup)
  .option("--json <file>", "write jobs and task counts to this file")
  .action(async (file: string, { group, json }: { group: string; json?: string }) => {
    await requireStatus();
    whenInterrupted = "the pipeline is cancelled; the sandbox stays up";
    // The demo's file has a job that waits to be cancelled.
    const cancelAt = path.resolve(file) === demoFile ? demoCancel : undefined;
    const { failed, jobs } = await runPipelineFile(file, { group, json, cancelAt, signal });
    if (failed) throw new UserError("The pipeline failed.");
    const without = jobs.filter(({ status }) => status !== "success").map(({ name }) => name);
    say(`The pipeline passed${without.length > 0 ? `, without ${without.join(", ")}, which may fail` : ""}.`);
  });

program
  .command("pulumi")
  .description("the stock Pulumi CLI on the sandbox's stack")
  .argument("[args...]")
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args: string[]) => {
    const status = await requireStatus();
    whenInterrupted = "the engine ends what it is at; the sandbox stays up";
    process.exitCode = await runPulumi(status, args, signal);
  });

program
  .command("exec")
  .description("a command in the sandbox's network, which nothing else reaches: curl, ssh, aws --endpoint-url …")
  .argument("<command...>")
  .allowUnknownOption()
  .helpOption(false)
  .action(async (command: string[]) => {
    whenInterrupted = undefined;
    process.exitCode = await runInside(command);
  });

program.enablePositionalOptions();
for (const command of program.commands) {
  if (["pulumi", "exec"].includes(command.name())) command.passThroughOptions();
}

function statusText({ tasks, hosts, runners, endpoints, page }: Status): string {
  return [
    pageLine({ page }),
    `GitLab ${endpoints.gitlab}, AWS ${endpoints.aws} (npm run sandbox -- exec curl …)`,
    table([["host", "address", "state"], ...hosts.map((host) => [host.instanceId, host.address, host.state])]),
    table([
      ["runner", "id", "seen"],
      ...runners.map((runner) => [runner.description, String(runner.id), runner.contacted ? "yes" : "no"]),
    ]),
    `Fargate tasks: ${tasks.started} started, ${tasks.stopped} stopped, ${tasks.running} running`,
  ].join("\n");
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (whenInterrupted === undefined) return;
    if (!signal.aborted) say(`${name}: ${whenInterrupted}`);
    interrupted.abort();
  });
}

program.parseAsync().catch((error: Error) => {
  if (signal.aborted) {
    process.exitCode = 130;
    return;
  }
  console.error(error instanceof UserError ? error.message : error.stack);
  process.exitCode = error instanceof RefusedMachine ? refusedExitCode : 1;
});
