/** The ground the sandbox stands on: its cgroup, its bridge, and the way to take everything away again. */
import { createCgroups, enterCgroups } from "./cgroups";
import { createBridge } from "./network";

export { healWorld, whatIsLeft } from "./heal";

/** Creates cgroups and bridge, and puts the instance metadata address on lo, in namespaces that are the caller's own. */
export async function createWorld(): Promise<void> {
  createCgroups();
  await createBridge();
}

/** Moves a process, and so all that it will start, into the sandbox's cgroup. */
export async function enterCgroup(pid: number): Promise<void> {
  enterCgroups(pid);
}
