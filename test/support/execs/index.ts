/**
 * Every program that a command and all that comes of it executes, with its arguments: on a sandbox's hosts and in its
 * tasks too, whose processes are this machine's.
 */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { execa } from "execa";
import { goCommand } from "../../../sandbox/setup/go";
import { scratch } from "../scratch";

interface Traced {
  exitCode: number;
  /** Standard output and error, in the order they came. */
  all: string;
  /** For each program its arguments, the first of them its name. */
  execs: string[][];
}

/** Runs a command; resolves when all of its processes have ended, those too that went into the background. */
export async function traceExecs(
  command: string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Traced> {
  const folder = scratch();
  const tracer = path.join(folder.dir, "execs");
  const record = path.join(folder.dir, "record");
  try {
    await execa(goCommand, ["build", "-o", tracer, path.join(__dirname, "main.go")]);
    const { exitCode, all } = await execa(tracer, [record, ...command], { ...options, reject: false, all: true });
    const lines = readFileSync(record, "utf8").split("\n").filter(Boolean);
    return { exitCode, all: all ?? "", execs: lines.map((line) => JSON.parse(line) as string[]) };
  } finally {
    folder.remove();
  }
}
