/** Runs a program to its end. */
import { spawn } from "node:child_process";

export interface CommandOptions {
  /** Written to standard input, which is otherwise empty. */
  input?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/** A program that ended with another code than 0 or by a signal. */
export class CommandError extends Error {
  constructor(
    readonly command: string,
    readonly exitCode: number | null,
    readonly stderr: string,
  ) {
    super(`${command}: ${stderr.trim() || `exit code ${exitCode}`}`);
  }
}

/**
 * Runs a program and returns its standard output.
 * @throws CommandError with what it wrote to standard error; the program's arguments must hold no secret
 */
export async function run(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await attempt(file, args, options);
  if (exitCode !== 0) throw new CommandError([file, ...args].join(" "), exitCode, stderr);
  return stdout;
}

/** Runs a program whose failure is an answer. */
export function attempt(
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env: options.env, signal: options.signal });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    // A program that does not read its input closes the pipe; its exit code says the rest.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
