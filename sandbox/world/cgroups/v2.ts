/**
 * Cgroup v2, the one hierarchy of every current distribution. Only a cgroup without processes of its own hands controllers
 * on, so the sandbox's own processes have a leaf beside those of tasks and hosts.
 *
 * The sandbox's cgroup lies in a scope that systemd has delegated (into-scope.sh), or, where no systemd runs, at the
 * hierarchy's root: a session's cgroup has processes, and so could not hand a limit on.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { cgroupName, taskCgroupPrefix } from "../../config";
import { hierarchies, sandboxCgroups } from "./hierarchies";
import type { CgroupVersion } from "./index";
import { processesIn, removeCgroup } from "./tree";

/** The sandbox's own processes. */
export const ownLeaf = "daemon";

export function versionTwo(all = hierarchies): CgroupVersion {
  const root = () => all()[0]!.mountPoint;
  const find = () => sandboxCgroups(all())[0]?.dir;
  return {
    create() {
      const dir = find() ?? path.join(root(), cgroupName);
      mkdirSync(path.join(dir, ownLeaf), { recursive: true });
      for (const one of [path.dirname(dir), dir]) handOn(one);
    },
    entry: (dir) => path.join(dir, ownLeaf),
    // runc makes what the path says, and nothing elsewhere.
    strayTasks: () => [],
    createTask(id, memory) {
      const dir = path.join(find()!, `${taskCgroupPrefix}${id}`);
      mkdirSync(dir);
      // For the containers' own limits.
      handOn(dir);
      // The kernel ends all processes of a task that passes its limit, as Fargate does.
      const limits = { "memory.max": String(memory), ...withoutSwap, ...together };
      for (const [file, value] of Object.entries(limits)) writeFileSync(path.join(dir, file), value);
      return {
        // runc takes an absolute one from the hierarchy's root.
        containerPath: (container) => path.join("/", path.relative(root(), dir), container),
        memoryOf: (limit) => ({ memory: { limit }, unified: { ...withoutSwap, ...together } }),
        outOfMemory: () => /^oom_kill [1-9]/m.test(readFileSync(path.join(dir, "memory.events"), "utf8")),
        processes: () => processesIn(dir),
        remove: () => void removeCgroup(dir),
      };
    },
  };
}

/** Stock machines have swap, and Fargate's tasks have none. */
const withoutSwap = { "memory.swap.max": "0" };
const together = { "memory.oom.group": "1" };

/** Lets the cgroups below one have limits. */
function handOn(dir: string): void {
  writeFileSync(path.join(dir, "cgroup.subtree_control"), "+cpu +memory +pids");
}
