/** Folders of cgroups: found, listed, removed. Neither version's. */
import { readdirSync, readFileSync, rmdirSync } from "node:fs";
import * as path from "node:path";

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

export function findByName(dir: string, name: string, depth: number): string[] {
  return subdirectories(dir).flatMap((child) => {
    if (path.basename(child) === name) return [child];
    return depth > 1 ? findByName(child, name, depth - 1) : [];
  });
}

export function subdirectories(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(dir, entry.name));
  } catch {
    return [];
  }
}
