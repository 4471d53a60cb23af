/** Runs programs and learns what that took: by a small Go program, as Node knows neither a child's CPU time nor memory. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { execa } from "execa";
import { goCommand } from "../../sandbox/setup/go";

export interface Invocation {
  program: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** File that becomes standard input; none where left out. */
  stdin?: string;
}

export interface Sample {
  /** From start to exit. */
  wallMs: number;
  /** User and system time of the program and its children. */
  cpuMs: number;
  /** The most memory that was resident at a time. */
  peakMiB: number;
  outputBytes: number;
}

/** One figure of all samples. */
export const each = (samples: readonly Sample[], figure: keyof Sample): number[] =>
  samples.map((sample) => sample[figure]);

/**
 * A program that has been started runs to its end: a driver that is killed would leave its task.
 * @throws Error with what the program wrote to standard error where it ends with another exit code than 0
 */
export type Measure = (invocation: Invocation) => Promise<Sample>;

/** Compiles the program into the folder; it needs nothing but Go's standard library. */
export async function createMeasure(folder: string, signal: AbortSignal): Promise<Measure> {
  const measured = path.join(folder, "measured");
  await execa(goCommand, ["build", "-buildvcs=false", "-o", measured, "."], {
    cwd: path.join(__dirname, "measured"),
    env: { CGO_ENABLED: "0", GOWORK: "off" },
    signal,
  });

  return async ({ program, args, env, stdin }) => {
    const input = stdin === undefined ? undefined : openSync(stdin, "r");
    const child = spawn(measured, [program, ...args], { stdio: [input ?? "ignore", "pipe", "pipe"], env });
    if (input !== undefined) closeSync(input);
    const ended = new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => resolve());
    });
    const [output, complaints] = await Promise.all([text(child.stdout!), text(child.stderr!), ended]);
    const result = output === "" ? undefined : (JSON.parse(output) as Result);
    if (result?.exitCode !== 0) {
      throw new Error(`${program} ${args.join(" ")}: exit code ${result?.exitCode ?? "unknown"}\n${complaints}`);
    }
    return {
      wallMs: result.wallNanos / 1e6,
      cpuMs: result.cpuNanos / 1e6,
      peakMiB: result.maxRssBytes / 2 ** 20,
      outputBytes: result.outputBytes,
    };
  };
}

/** The document that measured/main.go writes. */
interface Result {
  exitCode: number;
  wallNanos: number;
  cpuNanos: number;
  maxRssBytes: number;
  outputBytes: number;
}
