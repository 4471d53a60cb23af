/**
 * The sandbox's parent cgroup, one in each hierarchy (cgroup v1 and the unified one beside them).
 *
 * It lies below the cgroup of the process that created the world: a machine that confines its sessions by cgroups keeps
 * doing so. It is therefore found by its name, not by a fixed path.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { cgroupName, taskCgroupPrefix } from "../config";
import { readMounts } from "./mounts";

/** One mounted hierarchy and the path of a process in it. */
interface Hierarchy {
  /** Controllers as /proc/self/cgroup lists them: "memory", "cpu,cpuacct", "name=systemd"; "" is the unified one. */
  controllers: string;
  mountPoint: string;
  /** The process's cgroup, from the hierarchy's root: "/" or "/a/b". */
  path: string;
}

/** How deep below a hierarchy's root the sandbox's cgroup is looked for. */
const searchDepth = 4;

/** The hierarchies that are mounted, with this process's place in each. */
export function hierarchies(pid: number | "self" = "self"): Hierarchy[] {
  const mounts = readMounts().filter((mount) => mount.root === "/");
  return readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [, controllers = "", cgroup = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const wanted = controllers === "" ? [] : controllers.split(",");
      const mount = mounts.find((candidate) =>
        controllers === ""
          ? candidate.type === "cgroup2"
          : candidate.type === "cgroup" && wanted.every((name) => candidate.options.includes(name)),
      );
      return mount ? [{ controllers, mountPoint: mount.target, path: cgroup }] : [];
    });
}

/** The sandbox's cgroup in every hierarchy that has one; several in one hierarchy after a crash of one that was started elsewhere. */
export function sandboxCgroups(): { controllers: string; dir: string }[] {
  return hierarchies().flatMap(({ controllers, mountPoint }) =>
    findByName(mountPoint, cgroupName, searchDepth).map((dir) => ({ controllers, dir })),
  );
}

/**
 * The sandbox's cgroup in one hierarchy.
 * @throws when the world has not been created
 */
export function sandboxCgroup(controllers: string): string {
  const found = sandboxCgroups().find((cgroup) => cgroup.controllers === controllers);
  if (!found) {
    throw new Error(
      `no cgroup ${cgroupName} in the hierarchy "${controllers || "unified"}": createWorld() comes first`,
    );
  }
  return found.dir;
}

/**
 * Where runc (seen with 1.1.5) puts a container in the unified hierarchy that is mounted beside those of v1: below the
 * hierarchy's root, whatever cgroup it runs in, and it leaves the parent of the container's cgroup there.
 */
const unifiedRoots = (): string[] =>
  hierarchies().flatMap(({ controllers, mountPoint }) => (controllers === "" ? [mountPoint] : []));

/** All that may hold a cgroup of a task. */
export const taskCgroupParents = (): string[] => [...sandboxCgroups().map(({ dir }) => dir), ...unifiedRoots()];

/** Tasks' cgroups outside of the sandbox's. */
export const strayTaskCgroups = (): string[] =>
  unifiedRoots().flatMap((root) =>
    subdirectories(root).filter((dir) => path.basename(dir).startsWith(taskCgroupPrefix)),
  );

/** Creates the sandbox's cgroup in each hierarchy that has none. */
export function createCgroups(): void {
  const existing = new Set(sandboxCgroups().map((cgroup) => cgroup.controllers));
  for (const hierarchy of hierarchies()) {
    if (existing.has(hierarchy.controllers)) continue;
    createCgroup(path.join(hierarchy.mountPoint, hierarchy.path, cgroupName));
  }
}

/** Makes one cgroup; a new v1 cpuset is empty and takes no process until it is filled from its parent's. */
export function createCgroup(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (!existsSync(path.join(dir, file))) return;
    writeFileSync(path.join(dir, file), readFileSync(path.join(dir, "..", file), "utf8"));
  }
}

/** Moves a process (and what it will start) into the sandbox's cgroups. */
export function enterCgroups(pid: number): void {
  for (const { dir } of sandboxCgroups()) writeFileSync(path.join(dir, "cgroup.procs"), String(pid));
}

/** All processes of a cgroup and those below it. */
export function processesIn(dir: string): number[] {
  return cgroupTree(dir).flatMap((cgroup) => {
    try {
      return readFileSync(path.join(cgroup, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
      // It went between listing and reading.
      return [];
    }
  });
}

/** A cgroup and those below it, deepest last. */
export function cgroupTree(dir: string): string[] {
  return [dir, ...subdirectories(dir).flatMap(cgroupTree)];
}

/** Removes an empty cgroup and those below it. Returns false while the kernel still holds one of them. */
export function removeCgroup(dir: string): boolean {
  for (const cgroup of cgroupTree(dir).reverse()) {
    try {
      rmdirSync(cgroup);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EBUSY") return false;
      if (code !== "ENOENT") throw error;
    }
  }
  return true;
}

function findByName(dir: string, name: string, depth: number): string[] {
  return subdirectories(dir).flatMap((child) => {
    if (path.basename(child) === name) return [child];
    return depth > 1 ? findByName(child, name, depth - 1) : [];
  });
}

function subdirectories(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(dir, entry.name));
  } catch {
    return [];
  }
}
