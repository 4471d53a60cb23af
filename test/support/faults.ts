/** What goes wrong on the sandbox, put there by tests: in AWS, on the way to a task, or to a process. */
import { cancelJob, putFault } from "../../sandbox/control/client";
import { processesWhose } from "../../sandbox/world/processes";

export { cancelJob, putFault };

/** No call and no task fails from now on. */
export const calm = () => putFault({ fault: "none" });

/** The driver's processes of a call, which are this machine's too: "prepare", "run", "cleanup". */
export const driverProcesses = (call: string): number[] =>
  processesWhose(([program, ...args]) => program === "/opt/gitlab-runner/fargate" && args.includes(call));
