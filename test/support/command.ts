/** Runs the program of a check in a process group of its own, which an interrupted run ends as a whole. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { projectDir } from "../../sandbox/config";

export interface Command {
  file: string;
  args: string[];
  cwd?: string;
  /** The program's whole environment. @default this process's */
  env?: NodeJS.ProcessEnv;
  /** Gets standard output, line by line, in place of the check's output. */
  onLine?: (line: string) => void;
}

export interface Ended {
  /** Left out where the program could not be run or a signal ended it. */
  exitCode?: number;
  /** What the program wrote to file descriptor 3. */
  told: string;
}

const groups = new Set<number>();

/** Hands a signal to all that runs and to what it has started. */
export const signalAll = (signal: NodeJS.Signals): void => groups.forEach((group) => signalGroup(group, signal));

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody of the group is left.
  }
}

// Nobody else would end them: Ctrl-C in the terminal does not reach other groups.
process.on("exit", () => signalAll("SIGKILL"));

/** @param write gets what the program prints */
export async function runCommand(command: Command, write: (text: string) => void): Promise<Ended> {
  const child = spawn(command.file, command.args, {
    cwd: command.cwd ?? projectDir,
    env: command.env ?? process.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const [, stdout, stderr, third] = child.stdio as unknown as Readable[];
  for (const stream of [stdout, stderr, third]) stream.setEncoding("utf8");
  stderr.on("data", write);
  if (command.onLine) createInterface({ input: stdout }).on("line", command.onLine);
  else stdout.on("data", write);
  let told = "";
  third.on("data", (text: string) => (told += text));

  const closed = once(child, "close");
  // Without a process there is no end of it to come, and the other wait tells.
  closed.catch(() => {});
  try {
    if (child.pid === undefined) await once(child, "spawn");
    else groups.add(child.pid);
    const [exitCode, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    if (signal) write(`${command.file}: ended by ${signal}\n`);
    // What it has left running goes with it. Whatever left the group as well may hold the pipes for ever.
    signalGroup(child.pid!, "SIGKILL");
    await Promise.race([closed, delay(5_000, undefined, { ref: false })]);
    return { exitCode: exitCode ?? undefined, told };
  } catch (error) {
    write(`${command.file} could not be run: ${(error as Error).message}\n`);
    return { told };
  } finally {
    if (child.pid !== undefined) groups.delete(child.pid);
  }
}
