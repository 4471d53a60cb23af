/** Whether a sandbox is up on this machine, whose it is, and who may look into it. */
import { statSync } from "node:fs";
import { readStatus } from "./control/client";
import type { Status } from "./control/protocol";
import { UserError } from "./report";
import { processesIn, sandboxCgroups } from "./world/cgroups";
import { argumentsOf } from "./world/processes";

/** A sandbox's daemon whose control socket is not to be had. */
interface Daemon {
  pid: number;
  /** Of the user it runs as. */
  userId: number;
}

/** The status of the sandbox that is up. @throws UserError that says how to start one, or whose the one is that is up */
export async function requireStatus(): Promise<Status> {
  const status = await readStatus();
  if (status) return status;
  const daemon = findDaemon();
  throw new UserError(daemon ? outOfReach(daemon) : "The sandbox is not up. Start it first: npm run sandbox -- up");
}

/** Found by its command line: its socket lies in its user's home, and is not there yet while it starts. */
export function findDaemon(): Daemon | undefined {
  const pids = new Set(sandboxCgroups().flatMap(({ dir }) => processesIn(dir)));
  for (const pid of pids) {
    if (!argumentsOf(pid).some((word) => word.endsWith("/sandbox/daemon.ts"))) continue;
    try {
      return { pid, userId: statSync(`/proc/${pid}`).uid };
    } catch {
      // It has just ended.
    }
  }
  return undefined;
}

export function outOfReach({ pid, userId }: Daemon, own = process.getuid?.()): string {
  if (userId !== own) {
    return `A sandbox of ${userId === 0 ? "root" : `user ${userId}`} is up (process ${pid}), and only that user can look into it.`;
  }
  return `A sandbox is starting or ending (process ${pid}). Wait for it, or clear it: npm run sandbox -- down`;
}

/** @throws UserError where a sandbox is up, or on its way, that this process would have to end for one of its own */
export async function requireNone(): Promise<void> {
  const status = await readStatus();
  if (status) throw new UserError(busy(status));
  const daemon = findDaemon();
  if (daemon) throw new UserError(outOfReach(daemon));
}

/** Of a sandbox that is up when another one is wanted. */
export function busy({ pid, project, lease }: Status): string {
  return lease
    ? `A sandbox is up that npm start runs (process ${pid}, of ${project}): it goes when that ends. Wait for it.`
    : `A sandbox is up already (process ${pid}, of ${project}), and stays up. ` +
        "Take it down first: npm run sandbox -- down. Or start another beside it, by SANDBOX_NUMBER=2.";
}
