/**
 * The sandbox's command line: AWS and GitLab on one machine, with the stack deployed on them.
 *
 * Exit codes: 0 done, 1 an error or a pipeline that did not do what it should, 130 interrupted; `pulumi` passes on the
 * CLI's own.
 */
import { Command } from "commander";
import { readStatus } from "./control/client";
import type { Status } from "./control/protocol";
import { demoGroup, runDemo } from "./demo-run";
import { runPulumi } from "./engine";
import { deploy, describe, prepare, startDaemon, takeDown } from "./lifecycle";
import { say, table, UserError } from "./report";
import { runPipelineFile } from "./run";
import { inspectWorld } from "./world";

const interrupted = new AbortController();
const { signal } = interrupted;

const program = new Command("npm run sandbox --").description("GitLab and AWS on this machine, with the stack on them");

program
  .command("start")
  .description("deploy, run the demo pipeline, take everything down (npm start)")
  .action(() => runDemo(signal));

program
  .command("up")
  .description("start AWS and GitLab and deploy the stack; again: bring the stack up to date")
  .action(async () => {
    let status = await readStatus();
    if (!status) {
      await prepare(signal);
      try {
        status = await startDaemon({ lease: false, signal });
      } catch (error) {
        await takeDown();
        throw error;
      }
    }
    await deploy(status, signal);
    say("The sandbox is up. Run a pipeline: npm run sandbox -- run sandbox/demo/.gitlab-ci.yml");
  });

program
  .command("down")
  .description("take everything down; nothing is left, whatever state the sandbox was in")
  .action(async () => {
    const healed = describe(await takeDown());
    say(healed === "" ? "The sandbox is down." : `The sandbox is down (cleared by force: ${healed}).`);
  });

program
  .command("status")
  .description("what is up, and what is left of a sandbox that is not")
  .option("--json", "as JSON")
  .action(async ({ json }: { json?: boolean }) => {
    const status = await readStatus();
    const left = status ? undefined : await inspectWorld();
    if (json) return say(JSON.stringify(status ? { up: true, ...status } : { up: false, left }));
    if (status) return say(statusText(status));
    const what = describe(left!);
    say(
      `The sandbox is not up${what === "" ? "." : `, and something of one is left: ${what}. Clear it: npm run sandbox -- down`}`,
    );
  });

program
  .command("run")
  .description("run the pipeline of a .gitlab-ci.yml; exit code 1 when the pipeline fails")
  .argument("<file>")
  .option("--group <path>", "group whose project runs it", demoGroup)
  .option("--json <file>", "write jobs and task counts to this file")
  .action(async (file: string, { group, json }: { group: string; json?: string }) => {
    await upOrTell();
    const { failed } = await runPipelineFile(file, { group, json, signal });
    if (failed) throw new UserError("The pipeline failed.");
  });

program
  .command("pulumi")
  .description("the stock Pulumi CLI on the sandbox's stack")
  .argument("[args...]")
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args: string[]) => {
    const status = await upOrTell();
    process.exitCode = await runPulumi(status.debugProviders, args, signal);
  });

program.enablePositionalOptions();
program.commands.find((command) => command.name() === "pulumi")!.passThroughOptions();

async function upOrTell(): Promise<Status> {
  const status = await readStatus();
  if (!status) throw new UserError("The sandbox is not up. Start it first: npm run sandbox -- up");
  return status;
}

function statusText({ tasks, hosts, runners, endpoints }: Status): string {
  return [
    `GitLab ${endpoints.gitlab}, AWS ${endpoints.aws}`,
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
    if (!signal.aborted) say(`${name}: taking down what runs; one moment`);
    interrupted.abort();
  });
}

program.parseAsync().catch((error: Error) => {
  if (signal.aborted) {
    process.exitCode = 130;
    return;
  }
  console.error(error instanceof UserError ? error.message : error.stack);
  process.exitCode = 1;
});
