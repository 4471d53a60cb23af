/** Brings the sandbox up and down: what has to be there, the daemon, the deployed stack, and nothing left afterwards. */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { refusal, whatIsMissing } from "../scripts/look.mjs";
import { projectDir, stateDir } from "./config";
import { readStatus, requestShutdown } from "./control/client";
import { controlSocket, type Status } from "./control/protocol";
import type { DaemonMessage } from "./daemon";
import { runPulumi } from "./engine";
import { handOver, listenForPage, pagePort } from "./page/listener";
import { say, UserError } from "./report";
import { prepareArtifacts, prepareAwsProvider } from "./setup";
import { timed, withProgress } from "./steps";
import { healWorld, whatIsLeft } from "./world";
import { inDelegatedScope } from "./world/cgroups";
import { inNamespaces, withoutProxies } from "./world/namespaces";

/** The sandbox cannot run on this machine. */
export class RefusedMachine extends UserError {}

const daemonLog = path.join(stateDir, "daemon.log");

/**
 * Fetches, builds or finds all that the sandbox is made of. Changes nothing where a requirement is not met.
 * @param realAws the real aws provider too
 * @returns the folder of the tools
 */
export async function prepare(signal?: AbortSignal, { realAws = false } = {}): Promise<string> {
  pagePort();
  const missing = whatIsMissing();
  if (missing.length > 0) throw new RefusedMachine(refusal(missing));
  // Whatever this user's is: users of hosts and of tasks have to read what is made here, and in the daemon.
  process.umask(0o022);
  return withProgress(async (onProgress) => {
    const { tools } = await prepareArtifacts({ onProgress, signal });
    if (realAws) await prepareAwsProvider({ onProgress, signal });
    return tools;
  });
}

interface DaemonOptions {
  /** As {@link prepare} returns it. */
  tools: string;
  /** The sandbox goes when this process goes, whichever way it ends. */
  lease: boolean;
  /** Its engines have the real aws provider, which has to be there. */
  realAws?: boolean;
  signal?: AbortSignal;
}

/** Starts the daemon on a machine that is clean: what an earlier sandbox left is cleared first. */
export const startDaemon = (options: DaemonOptions): Promise<Status> =>
  timed({ doing: "starting services", done: "sandbox: services started" }, () => launchDaemon(options));

async function launchDaemon(options: DaemonOptions): Promise<Status> {
  if ((await healWorld()).length > 0) say("sandbox: cleared what an earlier one left");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const page = await listenForPage();

  const log = openSync(daemonLog, "a", 0o600);
  const flags = [...(options.lease ? ["--lease"] : []), ...(options.realAws ? ["--real-aws"] : [])];
  const daemon = [process.execPath, "--import", "tsx", path.join(__dirname, "daemon.ts"), ...flags];
  const [program, ...args] = inDelegatedScope(inNamespaces(options.tools, daemon));
  const child = spawn(
    program,
    args,
    // A process group of its own: Ctrl-C in this terminal goes to the CLI, which takes the sandbox down in order.
    {
      cwd: projectDir,
      env: withoutProxies(),
      detached: true,
      stdio: [options.lease ? "pipe" : "ignore", log, log, "ipc"],
    },
  );
  handOver(page, child);
  // The namespaces go with their maker, and all that is in them.
  const abort = () => child.kill("SIGKILL");
  options.signal?.addEventListener("abort", abort);
  const message = await new Promise<DaemonMessage>((resolve) => {
    child.once("message", (answer) => resolve(answer as DaemonMessage));
    child.once("error", (error) => resolve({ failed: error.message }));
    child.once("exit", (code, signal) => resolve({ failed: `it ended with ${signal ?? `exit code ${code}`}` }));
  });
  options.signal?.removeEventListener("abort", abort);
  if ("failed" in message) {
    const log = tail(daemonLog);
    throw new UserError(`The sandbox's services did not start: ${message.failed}\n${log}`);
  }
  // The daemon's end is open in its namespaces' first process as well, which says nothing.
  if (child.connected) child.disconnect();
  child.unref();
  (child.stdin as net.Socket | null)?.unref();
  const status = await readStatus();
  if (!status) throw new Error(`the daemon says it is ready and does not answer at ${controlSocket}`);
  return status;
}

export const pageLine = ({ page }: Pick<Status, "page">): string => `sandbox: in a browser at ${page}`;

/** Deploys the sandbox's stack, or brings it up to date. */
export async function deploy(status: Status, signal?: AbortSignal): Promise<void> {
  const color = process.stdout.isTTY ? "always" : "never";
  const up = ["up", "--yes", "--skip-preview", "--non-interactive", "--color", color];
  await timed({ done: "sandbox: stack deployed" }, async () => {
    const exitCode = await runPulumi(status, up, signal);
    if (exitCode !== 0) throw new UserError(`pulumi up failed (exit code ${exitCode}); its messages are above`);
  });
}

/** Takes everything down: services in order where they still answer, then whatever is left by force. */
export async function takeDown(): Promise<void> {
  if (process.getuid?.() !== 0 && whatIsLeft().length > 0) {
    throw new UserError('Only root can take the sandbox down: sudo env PATH="$PATH" npm run sandbox -- down');
  }
  await timed({ doing: "taking the sandbox down", done: "sandbox: taken down" }, async () => {
    if (await readStatus()) {
      const gone = connectionClosed();
      await requestShutdown().catch(() => {});
      await gone;
    }
    await healWorld();
  });
}

/** Settles when the daemon no longer holds its end of a connection, at the latest after half a minute. */
function connectionClosed(): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(controlSocket);
    const timer = setTimeout(() => socket.destroy(), 30_000);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function tail(file: string): string {
  try {
    return readFileSync(file, "utf8").split("\n").slice(-15).join("\n");
  } catch {
    return "";
  }
}
