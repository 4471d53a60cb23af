/** The ground the sandbox stands on: its cgroup, its bridge, and the way to take everything away again. */
import { createCgroups, enterCgroups } from "./cgroups";
import { createBridge, inspectNetwork } from "./network";

export { healWorld, inspectWorld, type WorldCounts } from "./heal";

/**
 * Creates cgroups and bridge, and puts the instance metadata address on lo. A world that is there already is kept.
 * @throws when part of a network is there but not all of it: healWorld() comes first
 */
export async function createWorld(): Promise<void> {
  createCgroups();
  const { links, chain } = await inspectNetwork();
  if (links.length > 0 && chain) return;
  await createBridge();
}

/** Moves a process, and so all that it will start, into the sandbox's cgroup. */
export async function enterCgroup(pid: number): Promise<void> {
  enterCgroups(pid);
}
