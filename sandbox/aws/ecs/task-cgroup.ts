/**
 * The cgroup of a task: its memory limit, over all its containers.
 *
 * Fargate ends a task that passes its limit; the kernel alone would kill one process of it and let the rest go on. So the
 * kernel's killer is off here: a process that needs more waits, which shows in memory.oom_control until the task is ended.
 * Limit: memory that is charged outside of page faults (tmpfs, say) fails with ENOMEM instead.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { taskCgroupPrefix } from "../../config";
import {
  cgroupTree,
  createCgroup,
  processesIn,
  removeCgroup,
  sandboxCgroups,
  taskCgroupParents,
} from "../../world/cgroups";

export interface TaskCgroup {
  /** For runc's cgroupsPath, relative to the sandbox's cgroup. */
  containerPath(name: string): string;
  /** Whether the task or one of its containers has come up against its limit. */
  outOfMemory(): boolean;
  /** Its processes' ids on this machine. */
  processes(): number[];
  remove(): void;
}

/** @param memory MiB */
export function createTaskCgroup(id: string, memory: number): TaskCgroup {
  const name = `${taskCgroupPrefix}${id}`;
  const parents = sandboxCgroups();
  const memoryDir = path.join(parents.find(({ controllers }) => controllers.split(",").includes("memory"))!.dir, name);
  mkdirSync(memoryDir, { recursive: true });
  writeFileSync(path.join(memoryDir, "memory.limit_in_bytes"), String(memory * 1024 * 1024));
  writeFileSync(path.join(memoryDir, "memory.oom_control"), "1");
  const cpuset = parents.find(({ controllers }) => controllers.split(",").includes("cpuset"));
  if (cpuset) createCgroup(path.join(cpuset.dir, name));
  return {
    containerPath: (container) => `${name}/${container}`,
    outOfMemory: () => cgroupTree(memoryDir).some(isUnderOom),
    processes: () => processesIn(memoryDir),
    remove() {
      // runc removes the containers' own cgroups and leaves what is above them.
      for (const dir of taskCgroupParents()) removeCgroup(path.join(dir, name));
    },
  };
}

function isUnderOom(dir: string): boolean {
  try {
    return /^under_oom 1$/m.test(readFileSync(path.join(dir, "memory.oom_control"), "utf8"));
  } catch {
    // Its container has just ended.
    return false;
  }
}
