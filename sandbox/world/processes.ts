/** Processes of this machine, by what they were started with. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process's arguments, its program first; none of one that has ended, or of the kernel's own. */
export function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return []; // It ended meanwhile.
  }
}

export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // It ended meanwhile.
  }
}

/**
 * Signals a process that may have ended by itself in the meantime.
 * @param target a process, or a group as its leader's negative id
 */
export function kill(target: number, signal: number | NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

const pids = () => readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

/** Those of all processes whose arguments fit. */
export function processesWhose(fits: (args: string[]) => boolean): number[] {
  return pids().filter((pid) => fits(argumentsOf(pid)));
}

/** What the process was started with that listens on a TCP port of this machine; empty where none does. */
export function environmentOfListener(port: number): NodeJS.ProcessEnv {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = ["tcp", "tcp6"]
    .flatMap((file) => readFileSync(`/proc/self/net/${file}`, "utf8").split("\n"))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address, , state]) => address?.endsWith(local) && state === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
  const pid = pids().find((one) => openFiles(one).some((file) => sockets.includes(file)));
  if (pid === undefined) return {};
  const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
  return Object.fromEntries(variables.map((variable) => variable.split(/=(.*)/s, 2)));
}

function openFiles(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((file) => readlinkSync(`${folder}/${file}`));
  } catch {
    return []; // It ended meanwhile, or closed a file.
  }
}
