/** Finds and removes whatever a sandbox left on this machine, by cgroup, name and folder alone. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stateDir } from "../config";
import { leaveCgroups, processesIn, removeCgroup, sandboxCgroups, strayTaskCgroups } from "./cgroups";
import { attempt, run } from "../command";
import { mountsBelow } from "./mounts";
import { inspectNetwork, removeNetwork } from "./network";
import { processesWhose } from "./processes";

/** How many of each the sandbox has on this machine. */
export interface WorldCounts {
  processes: number;
  mounts: number;
  namespaces: number;
  /** Links, the metadata addresses on lo and the packet-filter chain. */
  links: number;
  cgroups: number;
}

/** How long killed processes and the cgroups they were in may take to go, in milliseconds. */
const patience = 10_000;

/** Counts what there is; changes nothing. The calling process is not counted. */
export async function inspectWorld(): Promise<WorldCounts> {
  const { namespaces, links, addresses, chain } = await inspectNetwork();
  return {
    processes: worldProcesses().length,
    mounts: mountsBelow(stateDir).length,
    namespaces: namespaces.length,
    links: links.length + addresses.length + Number(chain),
    cgroups: worldCgroups().length,
  };
}

/**
 * Ends and removes all that any earlier sandbox left: processes, mounts below the state folder, network namespaces,
 * links, cgroups. Touches nothing that is not in the sandbox's cgroup, below its folder or under its names; does not end
 * the caller, who may stand inside the cgroup. Container runtimes need no word in it: their state is a folder below
 * stateDir. Quick when there is nothing.
 * @returns what was there
 * @throws when something survives for ten seconds, naming it
 */
export async function healWorld(): Promise<WorldCounts> {
  const before = await inspectWorld();
  leaveCgroups(process.pid);
  await killProcesses();
  for (const target of mountsBelow(stateDir)) await unmount(target);
  await removeNetwork();
  await removeCgroups();
  return before;
}

const worldCgroups = (): string[] => [...sandboxCgroups().map(({ dir }) => dir), ...strayTaskCgroups()];

function worldProcesses(): number[] {
  const pids = [...worldCgroups().flatMap(processesIn), ...engineProcesses()];
  return [...new Set(pids)].filter((pid) => pid !== process.pid && pid !== 0);
}

/** Pulumi's programs run in the caller's cgroup, and outlive a caller that is killed. They lie below the state folder. */
function engineProcesses(): number[] {
  const home = path.join(stateDir, "pulumi-home") + path.sep;
  return processesWhose((args) => args.some((argument) => argument.startsWith(home)));
}

/** A process may fork while the list is read, so this goes on until the cgroup is empty. */
async function killProcesses(): Promise<void> {
  const deadline = Date.now() + patience;
  for (let wait = 2; ; wait = Math.min(wait * 2, 50)) {
    const pids = worldProcesses();
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new Error(`processes of the sandbox do not end: ${pids.map(describe).join(", ")}`);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await delay(wait);
  }
}

async function unmount(target: string): Promise<void> {
  const { exitCode } = await attempt("umount", [target]);
  if (exitCode === 0 || !mountsBelow(target).includes(target)) return;
  // Somebody's working folder is in it: detach it now, the kernel frees it when they leave.
  await run("umount", ["--lazy", target]);
}

async function removeCgroups(): Promise<void> {
  const deadline = Date.now() + patience;
  for (const dir of worldCgroups()) {
    // The kernel may keep a cgroup for some milliseconds after its last process went.
    while (!removeCgroup(dir)) {
      if (Date.now() > deadline) throw new Error(`cgroup ${dir} cannot be removed`);
      await delay(10);
    }
  }
}

function describe(pid: number): string {
  try {
    return `${pid} (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
  } catch {
    return String(pid);
  }
}
