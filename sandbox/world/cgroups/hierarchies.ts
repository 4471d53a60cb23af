/** The mounted hierarchies of cgroups, and where the sandbox's lies in each: found by its name, wherever that is. */
import { readFileSync } from "node:fs";
import { cgroupName } from "../../config";
import { readMounts, type Mount } from "../mounts";
import { findByName } from "./tree";

/** One mounted hierarchy and the path of a process in it. */
export interface Hierarchy {
  /** Controllers as /proc/self/cgroup lists them: "memory", "cpu,cpuacct", "name=systemd"; "" is the unified one. */
  controllers: string;
  mountPoint: string;
  /** The process's cgroup, from the hierarchy's root: "/" or "/a/b". */
  path: string;
}

/** How deep below a hierarchy's root the sandbox's cgroup is looked for. */
const searchDepth = 4;

/** The hierarchies that are mounted, with this process's place in each. */
export const hierarchies = (): Hierarchy[] => parseHierarchies(readFileSync("/proc/self/cgroup", "utf8"), readMounts());

/** Format: cgroups(7), "/proc/pid/cgroup". */
export function parseHierarchies(places: string, mounts: Mount[]): Hierarchy[] {
  const roots = mounts.filter((mount) => mount.root === "/");
  return places
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [, controllers = "", cgroup = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const wanted = controllers === "" ? [] : controllers.split(",");
      const mount = roots.find((candidate) =>
        controllers === ""
          ? candidate.type === "cgroup2"
          : candidate.type === "cgroup" && wanted.every((name) => candidate.options.includes(name)),
      );
      return mount ? [{ controllers, mountPoint: mount.target, path: cgroup }] : [];
    });
}

export interface SandboxCgroup extends Hierarchy {
  dir: string;
}

/** The sandbox's cgroup in every hierarchy that has one; several in one after a crash of one that was started elsewhere. */
export function sandboxCgroups(all = hierarchies()): SandboxCgroup[] {
  return all.flatMap((hierarchy) =>
    findByName(hierarchy.mountPoint, cgroupName, searchDepth).map((dir) => ({ ...hierarchy, dir })),
  );
}
