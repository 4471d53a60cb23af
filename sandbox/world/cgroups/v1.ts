/**
 * Cgroup v1: a hierarchy for each controller, and the unified one beside them for hosts, without controllers. The sandbox's
 * cgroup lies below that of the process that created it: a machine that confines its sessions by cgroups keeps doing so.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { cgroupName, taskCgroupPrefix } from "../../config";
import { hierarchies, sandboxCgroups } from "./hierarchies";
import type { CgroupVersion, TaskCgroup } from "./index";
import { processesIn, removeCgroup, subdirectories } from "./tree";

/** How often a task's memory is looked at, in milliseconds: the kernel notifies by eventfd only, which Node lacks. */
const oomInterval = 250;

export function versionOne(all = hierarchies): CgroupVersion {
  const own = () => sandboxCgroups(all());

  /**
   * Where runc (seen with 1.1.5) puts a container in the unified hierarchy: below its root, whatever cgroup runc is in. It
   * leaves the parent of the container's cgroup there.
   */
  const unifiedRoots = () => all().flatMap(({ controllers, mountPoint }) => (controllers === "" ? [mountPoint] : []));

  return {
    create() {
      const existing = new Set(own().map(({ controllers }) => controllers));
      for (const { controllers, mountPoint, path: place } of all()) {
        if (!existing.has(controllers)) make(path.join(mountPoint, place, cgroupName));
      }
    },
    entry: (dir) => dir,
    strayTasks: () =>
      unifiedRoots()
        .flatMap(subdirectories)
        .filter((dir) => path.basename(dir).startsWith(taskCgroupPrefix)),
    createTask(id, memory) {
      const name = `${taskCgroupPrefix}${id}`;
      const parent = (controller: string) =>
        own().find(({ controllers }) => controllers.split(",").includes(controller));
      const dir = path.join(parent("memory")!.dir, name);
      mkdirSync(dir, { recursive: true });
      writeFileSync(path.join(dir, "memory.limit_in_bytes"), String(memory));
      writeFileSync(path.join(dir, "memory.oom_control"), "1");
      const cpuset = parent("cpuset");
      if (cpuset) make(path.join(cpuset.dir, name));
      // runc removes the containers' own cgroups and leaves what is above them.
      const remove = () =>
        [...own().map((one) => one.dir), ...unifiedRoots()].forEach((one) => removeCgroup(path.join(one, name)));
      return limited(name, dir, remove);
    },
  };
}

/**
 * The kernel of v1 would kill one process and let the rest of its container go on. So its killer is off here: a process that
 * needs more waits, which shows in memory.oom_control, and its container is ended from here. At the task's limit that is the
 * container which holds most.
 * Limit: memory that is charged outside of page faults (tmpfs, say) fails with ENOMEM instead.
 */
function limited(name: string, dir: string, remove: () => void): TaskCgroup {
  const killed = new Set<string>();
  const of = (container: string) => path.join(dir, container);
  const timer = setInterval(() => {
    const containers = subdirectories(dir).map((folder) => path.basename(folder));
    // What it held comes free only now.
    if (containers.some((container) => killed.has(container) && processesIn(of(container)).length > 0)) return;
    const largest = containers.sort((one, other) => usage(of(other)) - usage(of(one))).slice(0, 1);
    const full = isUnderOom(dir) ? largest : containers.filter((container) => isUnderOom(of(container)));
    for (const container of full) {
      killed.add(container);
      for (const pid of processesIn(of(container))) end(pid);
    }
  }, oomInterval);
  return {
    containerPath: (container) => `${name}/${container}`,
    memoryOf: (limit) => ({ memory: { limit, disableOOMKiller: true } }),
    outOfMemory: (container) => killed.has(container),
    processes: () => processesIn(dir),
    remove() {
      clearInterval(timer);
      remove();
    },
  };
}

/** A new cpuset is empty and takes no process until it is filled from its parent's. */
function make(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (!existsSync(path.join(dir, file))) return;
    writeFileSync(path.join(dir, file), readFileSync(path.join(dir, "..", file), "utf8"));
  }
}

const isUnderOom = (dir: string) => /^under_oom 1$/m.test(readIfThere(path.join(dir, "memory.oom_control")));
const usage = (dir: string) => Number(readIfThere(path.join(dir, "memory.usage_in_bytes")));

/** Nothing, where its container has just ended. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
