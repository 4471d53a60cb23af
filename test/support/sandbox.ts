/** The sandbox itself: brought up where a test needs it, and its command line, as a person uses it. */
import * as path from "node:path";
import { execa, type Options } from "execa";
import { projectDir } from "../../sandbox/config";
import { readStatus } from "../../sandbox/control/client";
import { rememberConfiguration } from "./as-deployed";

/** What most tests need beside it. */
export { runCi } from "./pipelines";
export { scratch } from "./scratch";
export { status } from "./status";

export const cli = path.join(projectDir, "sandbox", "cli.ts");

export interface Outcome {
  exitCode: number;
  /** Standard output and error, in the order they came. */
  all: string;
  stdout: string;
}

/** Runs `npm run sandbox -- ARGS`; never throws. */
export async function sandbox(args: string[], options: Options = {}): Promise<Outcome> {
  const result = await execa(process.execPath, ["--import", "tsx", cli, ...args], {
    cwd: projectDir,
    reject: false,
    all: true,
    stdin: "ignore",
    ...options,
  });
  return { exitCode: result.exitCode ?? -1, all: String(result.all), stdout: String(result.stdout) };
}

/** Like sandbox(), and fails with the whole output where the exit code is not 0. */
export async function sandboxOk(args: string[]): Promise<Outcome> {
  const outcome = await sandbox(args);
  if (outcome.exitCode !== 0) throw new Error(`sandbox ${args.join(" ")}: exit ${outcome.exitCode}\n${outcome.all}`);
  return outcome;
}

/** For tests that need the stack deployed: the first brings the sandbox up, the others find it so. */
export function useSandbox(): void {
  before("bring the sandbox up", async () => {
    const found = await readStatus();
    if (!found?.hosts.some(({ state }) => state === "running")) await sandboxOk(["up"]);
    await rememberConfiguration();
  });
}
