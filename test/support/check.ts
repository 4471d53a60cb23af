/** What a check is, and the ways to make one of a tool. */
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import { withoutProxies } from "../../sandbox/world/namespaces";
import { runCommand, type Command, type Ended } from "./command";
import type { Task } from "./schedule";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Output {
  write(text: string): void;
  /** Whoever reads it sees colours. */
  colors: boolean;
  /** Aborted where the run is interrupted: no program starts any more. */
  signal: AbortSignal;
}

export interface Check extends Task {
  run(output: Output): Promise<Counts>;
}

export const bin = (name: string): string => path.join(projectDir, "node_modules", ".bin", name);

/** Runs a command with a network and a sandbox of its own, whatever runs beside it. */
const apart = path.join(__dirname, "apart.sh");

/** Goes with the packages at every `npm ci`. */
export const cacheFile = (name: string): string => path.join(projectDir, "node_modules", ".cache", "checks", name);

const outcome = (passes: boolean): Counts => ({ passed: passes ? 1 : 0, failed: passes ? 0 : 1, skipped: 0 });

/** Starts a check's program, unless the run was interrupted while the check got ready for it. */
function start(command: Command, { write, signal }: Output): Promise<Ended> {
  signal.throwIfAborted();
  return runCommand(command, write);
}

/** One run of a tool is one check: it passes with exit code 0. */
export async function tool(file: string, args: string[], output: Output, cwd?: string): Promise<Counts> {
  const { exitCode } = await start({ file, args, cwd }, output);
  return outcome(exitCode === 0);
}

/** For a tool that lists what is wrong and exits with 0 all the same. */
export async function silentTool(file: string, args: string[], output: Output): Promise<Counts> {
  const lines: string[] = [];
  const { exitCode } = await start({ file, args, onLine: (line) => lines.push(line) }, output);
  if (lines.length > 0) output.write(`${file} lists:\n${lines.join("\n")}\n`);
  return outcome(exitCode === 0 && lines.length === 0);
}

export async function passes(work: () => Promise<void>): Promise<Counts> {
  await work();
  return outcome(true);
}

/** @param sandbox number of a sandbox that these tests may have for themselves, apart from whatever else runs */
export async function mocha(args: string[], output: Output, sandbox?: number): Promise<Counts> {
  const reporter = path.join(projectDir, "test/support/reporter.cjs");
  const colors = output.colors ? ["--color"] : [];
  const command = [bin("mocha"), "--reporter", reporter, "--exit", ...colors, ...args];
  const [file, ...rest] = sandbox === undefined ? command : [apart, String(sandbox), ...command];
  // No test asks anybody outside: a proxy would be asked for what listens here.
  const { exitCode, told } = await start({ file, args: rest, env: withoutProxies() }, output);
  if (told === "") throw new Error(`mocha came to no end (exit code ${exitCode ?? "unknown"})`);
  const counts = JSON.parse(told) as Counts;
  // A run that broke outside a test (a file that does not load, a hook) is a failure too.
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.passed + counts.failed === 0) throw new Error(`no test ran for ${args.join(" ")}`);
  return counts;
}
