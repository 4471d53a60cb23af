/** Programs in the sandbox's namespaces, on this process's terminal: what has to reach its AWS, GitLab, hosts and tasks. */
import { attempt } from "./command";
import { engineEnvironment } from "./engine";
import { requireStatus } from "./presence";
import { withoutProxies } from "./world/namespaces";

/**
 * Runs a program to its end and resolves to its exit code. It gets this process's signals: Ctrl-C from the terminal.
 * @throws UserError where no sandbox is up
 */
export async function runInside([program, ...args]: string[]): Promise<number> {
  const { pid } = await requireStatus();
  return runToEnd(pid, program!, args);
}

/** Runs this process's own program again, inside and with the environment of the sandbox's engine. */
export async function runAgainInside(): Promise<number> {
  const { pid, debugProviders } = await requireStatus();
  const args = [...process.execArgv, ...process.argv.slice(1)];
  return runToEnd(pid, process.execPath, args, await engineEnvironment(debugProviders));
}

async function runToEnd(pid: number, program: string, args: string[], env = withoutProxies()): Promise<number> {
  const ended = new AbortController();
  process.on("SIGINT", () => {});
  for (const name of ["SIGTERM", "SIGHUP"] as const) process.on(name, () => ended.abort());
  try {
    const { exitCode } = await attempt(program, args, { env, inside: pid, terminal: true, signal: ended.signal });
    return exitCode ?? 1;
  } catch (error) {
    if (ended.signal.aborted) return 143;
    throw error;
  }
}
