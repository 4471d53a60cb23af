/** The stock Pulumi CLI on the sandbox's stack, as `npm run sandbox -- pulumi ARGS` runs it. */
import { execa } from "execa";
import { projectDir } from "../../sandbox/config";
import { engineEnvironment } from "../../sandbox/engine";
import { pulumiEntry } from "./own-engine";
import { entering } from "../../sandbox/world/namespaces";
import type { Outcome } from "./sandbox";
import { status } from "./status";

/** Runs it to its end; never throws. @param env variables beside those of the sandbox's engine */
export async function pulumi(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const { pid, debugProviders } = await status();
  const own = await engineEnvironment(debugProviders);
  const [file, ...rest] = entering(pid, projectDir, [pulumiEntry, ...args]);
  const { exitCode, all, stdout } = await execa(file, rest, {
    cwd: projectDir,
    env: { ...own, ...env },
    extendEnv: false,
    reject: false,
    all: true,
    stdin: "ignore",
  });
  return { exitCode: exitCode ?? -1, all: all ?? "", stdout };
}

/** Like pulumi(), and fails with the whole output where the exit code is not 0. */
export async function pulumiOk(args: string[], env?: NodeJS.ProcessEnv): Promise<Outcome> {
  const outcome = await pulumi(args, env);
  if (outcome.exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: exit ${outcome.exitCode}\n${outcome.all}`);
  return outcome;
}

/** Deploys the stack as its committed file has it, or as another file has it. */
export const deploy = (configFile?: string, env?: NodeJS.ProcessEnv): Promise<Outcome> =>
  pulumiOk(["up", "--yes", "--skip-preview", ...(configFile ? ["--config-file", configFile] : [])], env);
