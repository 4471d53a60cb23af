/**
 * Finds and removes what a sandbox left on this machine, by name alone: its cgroups and its folder. Its processes, mounts
 * and network the kernel takes away itself, with the sandbox's namespaces (namespaces.sh).
 */
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { stateDir } from "../config";
import { processesIn, removeCgroup, sandboxCgroups, strayTaskCgroups } from "./cgroups";
import { kill } from "./processes";

/** How long killed processes and the cgroups they were in may take to go, in milliseconds. */
const patience = 60_000;

/** The cgroups and the folder of a sandbox, as paths; none where there is none. */
export const whatIsLeft = (): string[] => [...worldCgroups(), ...(existsSync(stateDir) ? [stateDir] : [])];

/**
 * Ends and removes a sandbox, whatever state it is in. Touches nothing that is not in its cgroups or below its folder.
 * Quick when there is nothing.
 * @returns what was there
 * @throws when something survives for a minute, naming it
 */
export async function healWorld(): Promise<string[]> {
  const before = whatIsLeft();
  await killProcesses();
  await removeCgroups();
  await rm(stateDir, { recursive: true, force: true });
  return before;
}

const worldCgroups = (): string[] => [...sandboxCgroups().map(({ dir }) => dir), ...strayTaskCgroups()];

/** Kills the daemon, with which all else ends. What was killed before may still be on its way out. */
async function killProcesses(): Promise<void> {
  const deadline = Date.now() + patience;
  for (let wait = 2; ; wait = Math.min(wait * 2, 50)) {
    const pids = [...new Set(worldCgroups().flatMap(processesIn))].filter((pid) => pid !== 0);
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new Error(`processes of the sandbox do not end: ${pids.map(describe).join(", ")}`);
    for (const pid of pids) kill(pid, "SIGKILL");
    await delay(wait);
  }
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
