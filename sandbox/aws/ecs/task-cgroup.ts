/** The cgroup of a task: its memory limit, over all its containers, and whether the kernel had to kill for it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { createCgroup, removeCgroup, sandboxCgroups } from "../../world/cgroups";

export interface TaskCgroup {
  /** For runc's cgroupsPath, relative to the sandbox's cgroup. */
  containerPath(name: string): string;
  /** How many processes the kernel killed because the task's or a container's limit was reached. */
  oomKills(): number;
  remove(): void;
}

/** @param memory MiB */
export function createTaskCgroup(id: string, memory: number): TaskCgroup {
  const name = `task-${id}`;
  const parents = sandboxCgroups();
  const memoryDir = path.join(parents.find(({ controllers }) => controllers.split(",").includes("memory"))!.dir, name);
  mkdirSync(memoryDir, { recursive: true });
  writeFileSync(path.join(memoryDir, "memory.limit_in_bytes"), String(memory * 1024 * 1024));
  const cpuset = parents.find(({ controllers }) => controllers.split(",").includes("cpuset"));
  if (cpuset) createCgroup(path.join(cpuset.dir, name));
  return {
    containerPath: (container) => `${name}/${container}`,
    oomKills() {
      try {
        const text = readFileSync(path.join(memoryDir, "memory.oom_control"), "utf8");
        return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
      } catch {
        return 0;
      }
    },
    remove() {
      // runc removes the containers' own cgroups and leaves what is above them.
      for (const { dir } of parents) removeCgroup(path.join(dir, name));
    },
  };
}
