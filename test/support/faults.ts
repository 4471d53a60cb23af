/** What goes wrong on the sandbox, put there by tests: in AWS, on the way to a task, or to a process. */
import { readFileSync, readdirSync } from "node:fs";
import { cancelJob, putFault } from "../../sandbox/control/client";

export { cancelJob, putFault };

/** No call and no task fails from now on. */
export const calm = () => putFault({ fault: "none" });

/** The sandbox's processes whose arguments fit: hosts' and tasks' processes are this machine's too. */
export function processes(fits: (args: string[]) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fits(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1));
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}

/** The driver's processes of a call: "prepare", "run", "cleanup". */
export const driverProcesses = (call: string): number[] =>
  processes(([program, ...args]) => program === "/opt/gitlab-runner/fargate" && args.includes(call));
