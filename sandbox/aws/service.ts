/** A server program that the sandbox runs as a child. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import * as net from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface ServiceOptions {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** Where it will listen; it is up when a connection is accepted. */
  host: string;
  port: number;
  /** File for its output. */
  logFile: string;
}

export interface Service {
  close(): Promise<void>;
}

/**
 * Starts a server and waits until it accepts connections, however long a slow machine takes for it.
 * @throws when it exits first, with the end of its output, or when its port is taken
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, host, port, logFile } = options;
  // Whoever answers there would be taken for the child.
  if (await accepts(host, port)) throw new Error(`${name} does not start: something else listens on ${host}:${port}`);
  const log = openSync(logFile, "a", 0o600);
  const child = spawn(options.command, options.args, { env: options.env, stdio: ["ignore", log, log] });
  closeSync(log);
  let ended: string | undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`));
  while (!(await accepts(host, port))) {
    // The log goes with the sandbox that does not start.
    if (ended !== undefined) throw new Error(`${name} does not start: ${ended}\n${endOf(logFile)}`);
    await delay(40);
  }
  return { close: () => endProcess(child, 5_000) };
}

const endOf = (file: string) => readFileSync(file, "utf8").split("\n").slice(-15).join("\n");

/** Ends a child: SIGTERM, and SIGKILL when that was not enough after `grace` milliseconds. */
async function endProcess(child: ChildProcess, grace: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), grace);
  await gone;
  clearTimeout(timer);
}

/** One attempt, short: a SYN that is lost because an interface is not up yet would be repeated only after a second. */
function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(200, () => finish(false));
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}
