/** Running processes, as the kernel shows them in /proc (proc_pid_status(5)). */
import { readFileSync, readdirSync } from "node:fs";

/** In ms, of the process's threads that still live. */
export function cpuTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((tid) => Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8").split(" ")[0]));
  return nanos.reduce((sum, value) => sum + value, 0) / 1e6;
}

/** In MiB: what is resident, and that part of it that no file backs and no process shares. */
export function memory(pid: number): { resident: number; own: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) / 1024;
  return { resident: field("VmRSS"), own: field("RssAnon") };
}

/** Processes of that name, of all containers on this machine. */
export function processesCalled(name: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd() === name;
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}
