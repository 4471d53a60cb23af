/** The fleet's own command line (npm run preview, deploy, …) against the sandbox. */
import * as path from "node:path";
import { execa, type Options } from "execa";
import { projectDir } from "../../sandbox/config";
import { engineEnvironment } from "../../sandbox/engine";
import { entering } from "../../sandbox/world/namespaces";
import { type Outcome, status } from "./sandbox";

/** Starts it; the child is wrapped, as it is a promise itself. @param dir the project's folder: this one, or a copy */
export async function startFleet(args: string[], options: Options & { dir?: string } = {}) {
  const { dir = projectDir, env, ...rest } = options;
  const { pid, debugProviders } = await status();
  const own = await engineEnvironment(debugProviders);
  const command = [process.execPath, "--import", "tsx", path.join(dir, "automation", "cli.ts"), ...args];
  const [file, ...inside] = entering(pid, dir, command);
  const child = execa(file, inside, {
    ...{ cwd: dir, reject: false, all: true, stdin: "ignore", extendEnv: false },
    ...rest,
    env: { ...own, ...env },
  });
  return { child };
}

/** Runs it to its end; never throws. */
export async function fleet(args: string[], options: Options & { dir?: string } = {}): Promise<Outcome> {
  const { child } = await startFleet(args, options);
  const { exitCode, all, stdout } = await child;
  return { exitCode: exitCode ?? -1, all: String(all), stdout: String(stdout) };
}
