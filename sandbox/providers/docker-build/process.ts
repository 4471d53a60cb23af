/** Runs a program and passes on what it says. */
import { createInterface } from "node:readline";
import { execa } from "execa";

export interface Run {
  /** Gets each line of the program's output. */
  onOutput(line: string): void;
  /** Ends the program. */
  signal: AbortSignal;
}

/** Enough to see what failed. */
const KEPT_LINES = 40;

/** Returns standard output. Throws when the program fails, with the last lines of what it said. */
export async function runProcess(
  what: string,
  [command, ...args]: string[],
  options: Run & { home: string },
): Promise<string> {
  const child = execa(command, args, {
    stdin: "ignore",
    // Credentials and registry settings of the user have no part in it.
    extendEnv: false,
    env: { PATH: process.env.PATH, HOME: options.home, TMPDIR: options.home },
    signal: options.signal,
    all: true,
    reject: false,
  });
  const tail: string[] = [];
  if (child.all) {
    createInterface({ input: child.all }).on("line", (line) => {
      if (line.trim() === "") return;
      options.onOutput(line);
      tail.push(line);
      if (tail.length > KEPT_LINES) tail.shift();
    });
  }
  const { failed, exitCode, signal, stdout, ...rest } = await child;
  options.signal.throwIfAborted();
  if (!failed) return stdout;
  const how =
    exitCode !== undefined
      ? `exit code ${exitCode}`
      : (signal ?? ("originalMessage" in rest ? rest.originalMessage : "not started"));
  throw new Error(`${what} failed (${how})${tail.length > 0 ? `:\n${tail.join("\n")}` : ""}`);
}
