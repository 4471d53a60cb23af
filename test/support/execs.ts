/**
 * Every program that a command and all that comes of it executes, with its arguments: on a sandbox's hosts and in its
 * tasks too, whose processes are this machine's. The kernel stops each of them at its execve until strace has written it
 * down, so none is too short-lived to be seen.
 */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { execa } from "execa";
import { scratch } from "./scratch";

export interface Traced {
  exitCode: number;
  /** Standard output and error, in the order they came. */
  all: string;
  /** A line for each execve: its process, program and arguments. */
  execs: string[];
}

/** Longer than any argument: Linux allows 128 KiB. */
const longestArgument = 1 << 17;

/** Runs a command; ends when all of its processes have, those too that went into the background. */
export async function traceExecs(
  command: string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Traced> {
  const folder = scratch();
  const file = path.join(folder.dir, "execs");
  // The filter makes the kernel stop processes at these calls alone; all others cost nothing.
  const calls = ["--follow-forks", "--seccomp-bpf", "--trace=execve,execveat", "--quiet=all", "--signal=none"];
  const args = [...calls, `--string-limit=${longestArgument}`, "--output", file, "--", ...command];
  try {
    const { exitCode, all, failed } = await execa("strace", args, { ...options, reject: false, all: true });
    if (exitCode === undefined && failed)
      throw new Error("strace could not be run; install it: apt-get install strace");
    return { exitCode: exitCode ?? -1, all: all ?? "", execs: readFileSync(file, "utf8").split("\n").filter(Boolean) };
  } finally {
    folder.remove();
  }
}
