/**
 * Runs other programs to their end. There are three ways to do it:
 *
 * - `run`: the program must succeed, and its output is what the caller wants.
 * - `attempt`: the program may fail, and its exit code is an answer.
 * - `follow`: the program works for long and must succeed; the caller hears each line as it comes.
 *
 * All three wait until the program has ended and all of its output is read, also when `signal` ends it: nobody removes
 * a folder that a program still writes to. Servers and other children that live on are spawned by those who use them.
 *
 * An error repeats the command line and what the program wrote. It never repeats the environment or standard input, so
 * secrets belong there; every user of a machine sees a command line anyway.
 */
import { randomUUID } from "node:crypto";
import { open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { entering } from "./world/namespaces";
import { childrenOf, kill } from "./world/processes";

export interface CommandOptions {
  /** @default this process's folder */
  cwd?: string;
  /** The program's whole environment. @default this process's */
  env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is empty otherwise. */
  input?: string;
  /** Ends the program when it is aborted. The call rejects with the signal's reason once the program is gone. */
  signal?: AbortSignal;
  /** The id of a process in whose network, mount and process namespaces the program runs. */
  inside?: number;
  /** What an error calls the program. @default the command line, shortened */
  name?: string;
}

export interface AttemptOptions extends CommandOptions {
  /**
   * Standard output goes through a file, for programs that call process.exit() before a pipe has taken all that they
   * wrote (https://github.com/nodejs/node/issues/784).
   */
  throughFile?: boolean;
  /** The program has this process's terminal: nothing of what it says is returned. */
  terminal?: boolean;
  /** What `signal` sends. @default SIGTERM */
  killSignal?: NodeJS.Signals;
}

export interface FollowOptions extends Omit<CommandOptions, "input"> {
  /** Gets each line of standard output and standard error that is not blank. */
  onLine(line: string): void;
}

export interface Outcome {
  /** Undefined where a signal ended the program. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** A program that ended with another code than 0 or by a signal. */
export class CommandError extends Error {
  constructor(
    name: string,
    readonly exitCode: number | undefined,
    readonly stderr: string,
    said: string,
  ) {
    super(`${name}: ${said}`);
  }
}

/** Lines of a failed program's output that its error repeats. */
const quotedLines = 40;
/** Characters of a command line that an error repeats: enough for any call of ip or iptables. */
const quotedCommand = 160;

/**
 * Runs a program that must succeed.
 * @returns its standard output
 * @throws CommandError with what it wrote to standard error
 */
export async function run(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr, ending } = await execute(file, args, options);
  if (exitCode !== 0) throw new CommandError(nameOf(file, args, options), exitCode, stderr, stderr.trim() || ending);
  return stdout;
}

/**
 * Runs a program whose failure is an answer.
 * @throws Error where the program cannot be started
 */
export async function attempt(file: string, args: string[], options: AttemptOptions = {}): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await execute(file, args, options);
  return { exitCode, stdout, stderr };
}

/**
 * Runs a program that works for long and must succeed. It has a process group of its own, so that `signal` ends its
 * children as well, and no standard input, so that it cannot wait for an answer.
 * @returns its standard output
 * @throws CommandError with the last lines of its output
 */
export async function follow(file: string, args: string[], options: FollowOptions): Promise<string> {
  const lastLines: string[] = [];
  const onLine = (line: string) => {
    if (line.trim() === "") return;
    options.onLine(line);
    lastLines.push(line);
    if (lastLines.length > quotedLines) lastLines.shift();
  };
  const { exitCode, stdout, stderr, ending } = await execute(file, args, { ...options, onLine, group: true });
  if (exitCode === 0) return stdout;
  throw new CommandError(nameOf(file, args, options), exitCode, stderr, [ending, ...lastLines].join("\n"));
}

interface Execution extends AttemptOptions, Partial<FollowOptions> {
  group?: boolean;
}

async function execute(file: string, args: string[], options: Execution): Promise<Outcome & { ending: string }> {
  const { cwd = process.cwd(), env, input, signal, inside, terminal = false, group = false, onLine } = options;
  const [program, ...rest] = inside === undefined ? [file, ...args] : entering(inside, cwd, [file, ...args]);
  // nsenter ends when the program does.
  const isParent = program !== file;
  const output = options.throughFile ? await temporaryFile() : undefined;
  try {
    signal?.throwIfAborted();
    const child = execa(program!, rest, {
      cwd,
      env,
      extendEnv: false,
      ...(input === undefined ? { stdin: terminal ? "inherit" : "ignore" } : { input }),
      stdout: terminal ? "inherit" : (output?.fd ?? "pipe"),
      stderr: terminal ? "inherit" : "pipe",
      detached: group,
      reject: false,
      stripFinalNewline: false,
      maxBuffer: Infinity,
      // Whoever ends this process decides about its children: the terminal by its group, the sandbox by its cgroup.
      cleanup: false,
    });
    // A program that does not read its input closes the pipe. Its exit code says the rest.
    child.stdin?.removeAllListeners("error").on("error", () => {});
    if (onLine) {
      // One reader for each stream: what a program writes to both at once does not become one line.
      for (const input of [child.stdout, child.stderr]) if (input) createInterface({ input }).on("line", onLine);
    }
    const end = () => {
      const { killSignal = "SIGTERM" } = options;
      if (isParent) childrenOf(child.pid!).forEach((pid) => kill(pid, killSignal));
      else if (group && child.pid !== undefined) kill(-child.pid, killSignal);
      else child.kill(killSignal, { forceKillAfterTimeout: false });
    };
    signal?.addEventListener("abort", end, { once: true });
    const result = await child.finally(() => signal?.removeEventListener("abort", end));
    signal?.throwIfAborted();
    // An error that is not the program's: it never ran.
    if ("originalMessage" in result && result.originalMessage !== undefined) {
      throw new Error(`${nameOf(file, args, options)}: ${result.originalMessage}`);
    }
    return {
      exitCode: result.exitCode,
      stdout: output ? await contentOf(output) : (result.stdout ?? ""),
      stderr: result.stderr ?? "",
      ending: result.exitCode === undefined ? `ended by ${result.signal}` : `exit code ${result.exitCode}`,
    };
  } finally {
    await output?.close();
  }
}

function nameOf(file: string, args: string[], { name }: CommandOptions): string {
  return name ?? shortened([file, ...args].join(" "));
}

export const shortened = (line: string): string =>
  line.length > quotedCommand ? `${line.slice(0, quotedCommand)} …` : line;

/** A file without a name: it goes with its last user, whichever way that ends. */
async function temporaryFile(): Promise<FileHandle> {
  const name = path.join(tmpdir(), `output-${randomUUID()}`);
  const file = await open(name, "wx+", 0o600);
  await rm(name);
  return file;
}

/** From the start, wherever the program that wrote it has left the position. */
async function contentOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const { buffer } = await file.read(Buffer.alloc(size), 0, size, 0);
  return buffer.toString();
}
