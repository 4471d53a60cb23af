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
      write(dir, { "memory.max": String(memory), ...withoutSwap });
      return {
        // runc removes what it is told at the container's end; the kernel's count of kills is in the one above, which stays.
        containerPath(container) {
          const own = path.join(dir, container);
          mkdirSync(own);
          handOn(own);
          // The kernel ends all of a container whose process it has chosen, at its limit or at the task's.
          write(own, together);
          // runc takes an absolute one from the hierarchy's root.
          return path.join("/", path.relative(root(), own), "processes");
        },
        memoryOf: (limit) => ({ memory: { limit }, unified: withoutSwap }),
        outOfMemory: (container) =>
          /^oom_kill [1-9]/m.test(readFileSync(path.join(dir, container, "memory.events"), "utf8")),
        processes: () => processesIn(dir),
        remove: () => void removeCgroup(dir),
      };
    },
  };
}

/** Stock machines have swap, and Fargate's tasks have none. */
const withoutSwap = { "memory.swap.max": "0" };
const together = { "memory.oom.group": "1" };

function write(dir: string, limits: Record<string, string>): void {
  for (const [file, value] of Object.entries(limits)) writeFileSync(path.join(dir, file), value);
}

/** Lets the cgroups below one have limits. */
function handOn(dir: string): void {
  writeFileSync(path.join(dir, "cgroup.subtree_control"), "+cpu +memory +pids");
}
