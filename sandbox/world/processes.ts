/** Processes of this machine, by what they were started with. */
import { readdirSync, readFileSync } from "node:fs";

/** A process's arguments, its program first; none of one that has ended, or of the kernel's own. */
export function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return []; // It ended meanwhile.
  }
}

/** Those of all processes whose arguments fit. */
export function processesWhose(fits: (args: string[]) => boolean): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => fits(argumentsOf(pid)));
}
