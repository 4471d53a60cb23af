/** Tasks as whoever looks at the sandbox sees them. */
import type { EcsService } from "./service";
import { statesOf, type Task, type TaskState } from "./task";

/** A task as the sandbox's status shows it. */
export interface TaskView {
  taskArn: string;
  lastStatus: TaskState;
  desiredStatus: "RUNNING" | "STOPPED";
  /** All that it has been in, with the time in ms since the epoch. */
  states: { state: TaskState; at: number }[];
  stopCode?: string;
  stoppedReason?: string;
  startedBy?: string;
  group: string;
  capacityProvider?: string;
  address?: string;
  /** vCPU units and MiB. */
  cpu: number;
  memory: number;
}

export interface TaskViews {
  /** Tasks that run, and those stopped in the last hour. */
  list(): TaskView[];
  /** How many tasks RunTask has started. */
  started(): number;
  on(event: "change", listener: (task: TaskView) => void): void;
  off(event: "change", listener: (task: TaskView) => void): void;
}

export function taskViews(ecs: EcsService): TaskViews {
  const listeners = new Map<(task: TaskView) => void, (task: Task) => void>();
  return {
    list: () => ecs.list().map(view),
    started: () => ecs.started(),
    on(event, listener) {
      const own = (task: Task) => listener(view(task));
      listeners.set(listener, own);
      ecs.on(event, own);
    },
    off(event, listener) {
      const own = listeners.get(listener);
      if (own) ecs.off(event, own);
      listeners.delete(listener);
    },
  };
}

const view = (task: Task): TaskView => ({
  taskArn: task.arn,
  lastStatus: task.state,
  desiredStatus: task.desiredState,
  states: statesOf(task),
  stopCode: task.stopCode,
  stoppedReason: task.stoppedReason,
  startedBy: task.startedBy,
  group: task.group,
  capacityProvider: task.capacityProvider,
  address: task.eni?.privateIp,
  cpu: task.size.cpu,
  memory: task.size.memory,
});
