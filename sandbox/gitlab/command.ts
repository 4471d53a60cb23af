/** Runs a program to its end and gives its output back; knows neither a shell nor the user's configuration. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";

export interface CommandOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
  input?: string;
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Git reads no configuration but the repository's own, and works on other users' repositories (sudo). */
export const gitEnvironment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "safe.directory",
  GIT_CONFIG_VALUE_0: "*",
  GIT_TERMINAL_PROMPT: "0",
};

/** Rejects where the program can't be started or is aborted, not where it fails. */
export function runCommand(command: string, args: string[], options: CommandOptions): Promise<CommandResult> {
  const { cwd, signal } = options;
  const env = { PATH: process.env.PATH, HOME: cwd, LC_ALL: "C.UTF-8", ...gitEnvironment, ...options.env };
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { cwd, env, signal, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ exitCode: (error?.code as number | undefined) ?? 0, stdout, stderr });
      },
    );
    // A child that ends without reading its input must not end this process.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/**
 * Like runCommand, for a program that calls process.exit() before a pipe has taken all that it wrote (nodejs/node#784):
 * its standard output goes through a file.
 */
export async function runCommandThroughFile(
  command: string,
  args: string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const folder = await mkdtemp(path.join(tmpdir(), "output-"));
  const file = path.join(folder, "stdout");
  try {
    const script = 'file=$1; shift; exec "$@" >"$file"';
    const { exitCode, stderr } = await runCommand("sh", ["-c", script, "sh", file, command, ...args], options);
    return { exitCode, stderr, stdout: await readFile(file, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Git's output. Rejects with its error message where it fails. */
export async function git(args: string[], options: CommandOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand("git", args, options);
  if (exitCode !== 0) throw new Error(`git ${args[0]} in ${options.cwd}: ${stderr.trim() || `exit code ${exitCode}`}`);
  return stdout;
}
