/** Child processes of a build: output goes to the build's log, the end of it into the error. */
import { spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";

export interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
}

/** Runs a command to its end; resolves to its standard output. */
export type Run = (command: string, args: string[], options?: RunOptions) => Promise<string>;

/** Lines of a failed command's output that its error repeats. */
const quotedLines = 15;

/** The log that one build's commands write to. */
export function openLog(file: string): WriteStream {
  return createWriteStream(file, { flags: "w", mode: 0o600 });
}

/** Makes a `Run` whose commands write to `log` and end when `signal` says so. */
export function runner(log: WriteStream, signal?: AbortSignal): Run {
  return async (command, args, options = {}) => {
    log.write(`$ ${[command, ...args].join(" ")}\n`);
    try {
      return await execute(command, args, { signal, ...options }, (chunk) => log.write(chunk));
    } catch (error) {
      if (error instanceof Error) error.message += `\n(all of it: ${String(log.path)})`;
      throw error;
    }
  };
}

/** Runs a short query whose output alone matters. */
export async function query(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return execute(command, args, { env }, () => undefined);
}

/**
 * Runs a command without a standard input, so that it can't hang on a question.
 * @throws Error with the command, its exit code and the end of its output; the signal's reason when cancelled.
 */
function execute(
  command: string,
  args: string[],
  { cwd, env, signal }: RunOptions,
  onOutput: (chunk: Buffer) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // A process group of its own, so that cancelling reaches the command's children as well.
    const child = spawn(command, args, {
      ...(cwd ? { cwd } : {}),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stdout: Buffer[] = [];
    const all: Buffer[] = [];
    const cancel = () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    };
    signal?.addEventListener("abort", cancel, { once: true });
    const collect = (own: Buffer[]) => (chunk: Buffer) => {
      own.push(chunk);
      onOutput(chunk);
    };
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stdout.on("data", collect(all));
    child.stderr.on("data", collect(all));
    child.once("error", (error) => {
      signal?.removeEventListener("abort", cancel);
      reject(new Error(`${command}: ${error.message}`, { cause: error }));
    });
    child.once("close", (code, exitSignal) => {
      signal?.removeEventListener("abort", cancel);
      if (signal?.aborted) return reject(signal.reason instanceof Error ? signal.reason : new Error("cancelled"));
      if (code === 0) return resolve(Buffer.concat(stdout).toString().trimEnd());
      const end = Buffer.concat(all).toString().trimEnd().split("\n").slice(-quotedLines).join("\n");
      const outcome = code === null ? `ended by ${exitSignal}` : `exit code ${code}`;
      reject(new Error(`${[command, ...args.slice(0, 3)].join(" ")} …: ${outcome}\n${end}`));
    });
  });
}
