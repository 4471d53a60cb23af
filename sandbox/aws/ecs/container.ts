/** One runc container from its start to its exit. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, watch } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { attempt } from "../../command";

export interface RunningContainer {
  /** Settles with PID 1's exit code (128 + n after signal n) when all its processes are gone. */
  exited: Promise<number>;
  signal(name: "TERM" | "KILL"): Promise<void>;
  /** Whether a program ends with 0 in it within so many milliseconds; one that does not is ended. */
  check(program: string[], timeout: number): Promise<boolean>;
}

export interface StartOptions {
  /** runc's own state folder. */
  runcRoot: string;
  id: string;
  bundle: string;
  spec: object;
  output(chunk: Buffer): void;
}

/**
 * Starts a container; settles once its PID 1 runs.
 * @throws Error whose message is ECS's: "CannotStartContainerError: …"
 */
export async function startContainer(options: StartOptions): Promise<RunningContainer> {
  const { runcRoot, id, bundle } = options;
  await mkdir(bundle, { recursive: true });
  await writeFile(path.join(bundle, "config.json"), JSON.stringify(options.spec), { mode: 0o600 });
  const pidFile = path.join(bundle, "pid");

  // runc stays in the foreground: it is the parent that learns the exit code.
  const child = spawn("runc", ["--root", runcRoot, "run", "--bundle", bundle, "--pid-file", pidFile, id], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let early = "";
  let started = false;
  const take = (chunk: Buffer) => {
    if (!started) early += chunk.toString();
    options.output(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    // "close" comes after the last output, "exit" may come before it.
    child.once("close", (code, signal) => resolve(code ?? (signal ? 137 : 255)));
  });
  const waiting = new AbortController();
  await Promise.race([appears(pidFile, bundle, waiting.signal), exited]).finally(() => waiting.abort());
  started = true;
  if (!existsSync(pidFile)) throw new Error(`CannotStartContainerError: ${runcMessage(early)}`);
  return {
    exited,
    async signal(name) {
      const { exitCode, stderr } = await attempt("runc", ["--root", runcRoot, "kill", id, name]);
      if (exitCode !== 0 && !/not running|does not exist|process already finished/.test(stderr)) {
        throw new Error(`signalling container ${id}: ${stderr.trim()}`);
      }
    },
    check: (program, timeout) => check(options, program, timeout),
  };
}

/** As the container's user, with its environment and in its folder. */
function check({ runcRoot, id, bundle }: StartOptions, program: string[], timeout: number): Promise<boolean> {
  const pidFile = path.join(bundle, "check.pid");
  rmSync(pidFile, { force: true });
  const args = ["--root", runcRoot, "exec", "--pid-file", pidFile, id, ...program];
  const child = spawn("runc", args, { stdio: "ignore" });
  return new Promise((resolve) => {
    // runc passes no SIGKILL on: the program itself gets it, where it runs already.
    const timer = setTimeout(() => {
      if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
      else child.kill("SIGKILL");
    }, timeout);
    const ended = (passed: boolean) => {
      clearTimeout(timer);
      resolve(passed);
    };
    child.once("error", () => ended(false));
    child.once("close", (code) => ended(code === 0));
  });
}

function appears(file: string, dir: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => existsSync(file) && resolve();
    watch(dir, { signal }, look);
    // It may have appeared before the watch was set.
    look();
  });
}

const runcMessage = (output: string) =>
  /msg="((?:[^"\\]|\\.)*)"/.exec(output)?.[1]?.replaceAll('\\"', '"') ?? output.trim();
