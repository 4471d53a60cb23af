/** Faults that tests put into the data plane. */
import { readFileSync } from "node:fs";
import type { NetworkNamespace } from "../../world/network";
import { failConnects, refuse, resetConnections, setSilent, type FailingConnects } from "../../world/network-faults";
import { AwsError, LostAnswer } from "../protocol";
import { ownVcpus } from "../service-quotas";
import { asOf } from "./past";
import { now, type StopCode, type Task } from "./task";
import type { RunningTask, StartDelays } from "./task-runner";

/** What tasks that start from now on have to bear at their SSH port. */
export interface SshTrouble extends FailingConnects {
  /** The port refuses everything for a random time up to this, in ms, from when the task has its address. */
  late: number;
}

/**
 * What happens to one task: its network's cable is cut and mended; its address is taken away and given back; its packets
 * are dropped without a word and pass again; its SSH connections are reset; its sshd's sessions are killed.
 */
export type TaskFault =
  | "cut-network"
  | "mend-network"
  | "take-address"
  | "give-address"
  | "drop-packets"
  | "pass-packets"
  | "reset-connections"
  | "kill-sessions";

/** Which of the next calls are hit: one of each `every` (default: 1), until `times` have been. */
export interface Hits {
  times: number;
  every?: number;
}

export interface Faults {
  /** Calls of an ECS action are throttled. */
  throttle(action: string, hits: Hits): void;
  /** Calls of a task action are performed, and cut off after `delay` ms instead of answered. */
  loseAnswer(action: string, hits: Hits, delay: number): void;
  /**
   * Calls of DescribeTasks and ListTasks are answered by copies that are `behind` ms behind: what has just started is
   * MISSING and not listed, what has just stopped still runs. Other calls see how things are, so that answers differ.
   */
  stale(behind: number, hits: Hits): void;
  /**
   * Other services see what changes in IAM so many ms later: a role and an instance profile are not there yet, and a role
   * that is there has the rights that it had.
   */
  lateIam(delay: number): void;
  /** Tasks that start from now on take so long beside what is done for them. */
  slowStart(delays: StartDelays): void;
  /** The account may run so many vCPU at a time, of on-demand and of Spot capacity each. */
  limitVcpus(vcpus: number): void;
  /** Tasks on a capacity provider find no capacity. */
  exhaust(capacityProvider: "FARGATE" | "FARGATE_SPOT", hits: Hits): void;
  /** Takes a Spot task's capacity away: SIGTERM comes, and SIGKILL `notice` seconds later, as Fargate tells two minutes ahead. */
  interruptSpot(taskArn: string, notice?: number): void;
  troubleSsh(trouble: SshTrouble): void;
  /** Calls and tasks to come are hit by nothing any more. What befell a single task stays with it. */
  calm(): void;
  /** @throws where there was nothing to reset or kill, or no such task runs */
  toTask(fault: TaskFault, taskArn: string): Promise<void>;
  /** @throws AwsError when the action is to be throttled */
  check(action: string): void;
  /** @throws LostAnswer when the answer is to get lost */
  checkAnswer(action: string): void;
  /** What a call of DescribeTasks or ListTasks shows of a task; undefined: nothing yet. */
  shown(action: string): (task: Task) => Task | undefined;
  iamDelay(): number;
  startDelays(): StartDelays;
  vcpuQuota(): number;
  /** The failure's reason, or undefined when there is capacity. */
  capacityFailure(capacityProvider: string): string | undefined;
  /** For each task, once it has its network. */
  connected(namespace: NetworkNamespace): Promise<void>;
}

const sshPort = 22;
const noTrouble: SshTrouble = { refused: 0, reset: 0, late: 0 };
const noDelays: StartDelays = { provisioning: 0, pull: 0 };

export function createFaults(actions: {
  stop(taskArn: string, code: StopCode, reason: string): void;
  task(taskArn: string): Pick<RunningTask, "network" | "processes" | "kill">;
}): Faults {
  const throttled = new Targets();
  const lost = new Targets();
  const exhausted = new Targets();
  const late = new Targets();
  const delays = new Map<string, number>();
  let ssh = noTrouble;
  let behind = 0;
  let iamDelay = 0;
  let delaysOfStart = noDelays;
  let vcpus = ownVcpus;
  return {
    throttle: (action, hits) => throttled.set(action, hits),
    loseAnswer(action, hits, delay) {
      lost.set(action, hits);
      delays.set(action, delay);
    },
    stale(ms, hits) {
      behind = ms;
      for (const action of ["DescribeTasks", "ListTasks"]) late.set(action, hits);
    },
    lateIam: (wanted) => void (iamDelay = wanted),
    slowStart: (wanted) => void (delaysOfStart = wanted),
    limitVcpus: (wanted) => void (vcpus = wanted),
    exhaust: (provider, hits) => exhausted.set(provider, hits),
    interruptSpot(arn, notice = 120) {
      const task = actions.task(arn);
      actions.stop(arn, "SpotInterruption", "Your Spot Task was interrupted.");
      setTimeout(() => task.kill(), notice * 1000).unref();
    },
    troubleSsh: (trouble) => void (ssh = trouble),
    calm() {
      for (const targets of [throttled, lost, exhausted, late]) targets.clear();
      ssh = noTrouble;
      iamDelay = 0;
      delaysOfStart = noDelays;
      vcpus = ownVcpus;
    },
    toTask: (fault, arn) => applyToTask(fault, actions.task(arn)),
    check(action) {
      if (throttled.hit(action)) throw new AwsError("ThrottlingException", "Rate exceeded");
    },
    checkAnswer(action) {
      if (lost.hit(action)) throw new LostAnswer(delays.get(action)!);
    },
    shown(action) {
      const at = late.hit(action) ? now() - behind / 1000 : Infinity;
      return (task) => (at === Infinity ? task : asOf(task, at));
    },
    iamDelay: () => iamDelay,
    startDelays: () => delaysOfStart,
    vcpuQuota: () => vcpus,
    capacityFailure: (provider) =>
      exhausted.hit(provider)
        ? "Capacity is unavailable at this time. Please try again later or in a different availability zone"
        : undefined,
    async connected(namespace) {
      if (ssh.refused + ssh.reset > 0) await failConnects(namespace, sshPort, ssh);
      if (ssh.late === 0) return;
      const listen = await refuse(namespace, sshPort);
      // The task may be gone by then, and its rules with it.
      setTimeout(() => void listen().catch(() => {}), Math.random() * ssh.late).unref();
    },
  };
}

/** What is to be hit, by name. */
class Targets {
  private readonly left = new Map<string, { times: number; every: number; calls: number }>();

  set(name: string, { times, every = 1 }: Hits): void {
    this.left.set(name, { times, every, calls: 0 });
  }

  clear(): void {
    this.left.clear();
  }

  /** Counts a call, and tells whether it is hit. */
  hit(name: string): boolean {
    const target = this.left.get(name);
    if (!target || target.times === 0 || ++target.calls % target.every !== 0) return false;
    target.times--;
    return true;
  }
}

async function applyToTask(fault: TaskFault, task: Pick<RunningTask, "network" | "processes">): Promise<void> {
  switch (fault) {
    case "cut-network":
      return task.network().setLink("down");
    case "mend-network":
      return task.network().setLink("up");
    case "take-address":
      return task.network().setAddress("gone");
    case "give-address":
      return task.network().setAddress("there");
    case "drop-packets":
      return setSilent(task.network(), true);
    case "pass-packets":
      return setSilent(task.network(), false);
    case "reset-connections": {
      if ((await resetConnections(task.network(), sshPort)) === 0) throw new Error("no SSH connection to reset");
      return;
    }
    case "kill-sessions": {
      const sessions = task.processes().filter(isSession);
      if (sessions.length === 0) throw new Error("no SSH session to kill");
      for (const pid of sessions) process.kill(pid, "SIGKILL");
    }
  }
}

/** sshd's process of one connection, which names itself after the connection's user; the listener is another one. */
function isSession(pid: number): boolean {
  try {
    return /^sshd[\w-]*: \w+[ @]/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
  } catch {
    return false; // gone meanwhile
  }
}
