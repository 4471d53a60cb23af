/**
 * The sandbox's cgroups: one (in each hierarchy) that holds all it runs, and below it one for each task and host. What the
 * kernel's two versions do differently is in v1.ts and v2.ts.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { cgroupName } from "../../config";
import { hierarchies, sandboxCgroups } from "./hierarchies";
import { versionOne } from "./v1";
import { ownLeaf, versionTwo } from "./v2";

export { hierarchies, sandboxCgroups } from "./hierarchies";
export { cgroupTree, processesIn, removeCgroup } from "./tree";

export interface CgroupVersion {
  /** Makes the sandbox's cgroup where there is none. */
  create(): void;
  /** The cgroup that takes the sandbox's own processes. */
  entry(sandbox: string): string;
  /** Tasks' cgroups outside of the sandbox's. */
  strayTasks(): string[];
  /** @param memory its limit in bytes, over all its containers */
  createTask(id: string, memory: number): TaskCgroup;
}

export interface TaskCgroup {
  /** For runc's cgroupsPath; what it stands for is made when it is asked for. */
  containerPath(container: string): string;
  /** runc's resources for a container's own limit in bytes. */
  memoryOf(limit: number): object;
  /** Whether a container was ended at its limit, or, as the one that held most, at the task's. */
  outOfMemory(container: string): boolean;
  /** Its processes' ids on this machine. */
  processes(): number[];
  remove(): void;
}

/** Beside v1's hierarchies the unified one has no controllers. */
const isUnified = (): boolean => hierarchies().every(({ controllers }) => controllers === "");
const version = (): CgroupVersion => (isUnified() ? versionTwo() : versionOne());

export const createCgroups = (): void => version().create();
export const createTaskCgroup = (id: string, memory: number): TaskCgroup => version().createTask(id, memory);
export const strayTaskCgroups = (): string[] => version().strayTasks();

/** The cgroup of a host, in the unified hierarchy, which is the only one that systemd's hosts take. */
export function createHostCgroup(name: string): string {
  const dir = path.join(sandboxCgroups().find(({ controllers }) => controllers === "")!.dir, name);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Moves a process (and what it will start) into the sandbox's cgroups. */
export function enterCgroups(pid: number): void {
  const { entry } = version();
  for (const { dir } of sandboxCgroups()) writeFileSync(path.join(entry(dir), "cgroup.procs"), String(pid));
}

/**
 * The command line that starts a command in the sandbox's cgroup where that has to be systemd's to give: systemd, which is
 * process 1 here, hands out cgroups of version 2 as scopes.
 */
export function inDelegatedScope(
  command: string[],
  machine = { unified: isUnified(), first: firstProcess() },
): string[] {
  if (!machine.unified || machine.first !== "systemd") return command;
  const scope = ["systemd-run", "--quiet", "--scope", "--collect", "--property=Delegate=yes"];
  return [...scope, `--description=${cgroupName}`, "--", scopeScript, cgroupName, ownLeaf, ...command];
}

const firstProcess = () => readFileSync("/proc/1/comm", "utf8").trim();
const scopeScript = path.join(__dirname, "into-scope.sh");
