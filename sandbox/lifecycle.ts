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
import { say, progress, UserError } from "./report";
import { agreeToPackages, installSystemPackages, prepareArtifacts, prepareAwsProvider } from "./setup";
import { healWorld, whatIsLeft } from "./world";
import { inDelegatedScope } from "./world/cgroups";
import { namespacesScript, withoutProxies } from "./world/namespaces";

/** The sandbox cannot run on this machine. */
export class RefusedMachine extends UserError {}

const daemonLog = path.join(stateDir, "daemon.log");

/**
 * Installs, builds or finds all that the sandbox is made of. Changes nothing where a requirement is not met.
 * @param yes installs packages on the machine without a question
 * @param realAws the real aws provider too
 */
export async function prepare(signal?: AbortSignal, { yes = false, realAws = false } = {}): Promise<void> {
  const missing = whatIsMissing();
  if (missing.length > 0) throw new RefusedMachine(refusal(missing));
  // Whatever this user's is: users of hosts and of tasks have to read what is made here, and in the daemon.
  process.umask(0o022);
  await agreeToPackages(yes, {}, signal);
  await installSystemPackages(progress());
  await prepareArtifacts({ onProgress: progress(), signal });
  if (realAws) await prepareAwsProvider({ onProgress: progress(), signal });
}

/**
 * Starts the daemon on a machine that is clean: what an earlier sandbox left is cleared first.
 * @param lease the sandbox goes when this process goes, whichever way it ends
 * @param realAws its engines have the real aws provider, which has to be there
 */
export async function startDaemon(options: {
  lease: boolean;
  realAws?: boolean;
  signal?: AbortSignal;
}): Promise<Status> {
  if ((await healWorld()).length > 0) say("sandbox: cleared what an earlier one left");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });

  const log = openSync(daemonLog, "a", 0o600);
  const flags = [...(options.lease ? ["--lease"] : []), ...(options.realAws ? ["--real-aws"] : [])];
  const daemon = [namespacesScript, process.execPath, "--import", "tsx", path.join(__dirname, "daemon.ts"), ...flags];
  const [program, ...args] = inDelegatedScope(daemon);
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

/** Deploys the sandbox's stack, or brings it up to date. */
export async function deploy(status: Status, signal?: AbortSignal): Promise<void> {
  const exitCode = await runPulumi(
    status,
    ["up", "--yes", "--skip-preview", "--non-interactive", "--color", process.stdout.isTTY ? "always" : "never"],
    signal,
  );
  if (exitCode !== 0) throw new UserError(`pulumi up failed (exit code ${exitCode}); its messages are above`);
}

/** Takes everything down: services in order where they still answer, then whatever is left by force. */
export async function takeDown(): Promise<void> {
  if (process.getuid?.() !== 0 && whatIsLeft().length > 0) {
    throw new UserError('Only root can take the sandbox down: sudo env PATH="$PATH" npm run sandbox -- down');
  }
  if (await readStatus()) {
    const gone = connectionClosed();
    await requestShutdown().catch(() => {});
    await gone;
  }
  await healWorld();
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
