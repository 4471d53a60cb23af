/** A task's way from being wanted to its first line of output. */
import type { Task } from "@aws-sdk/client-ecs";

/** In ms, unless it says otherwise. */
export interface Start {
  total: number;
  /** Until ECS had the task. */
  toTask: number;
  /** Until ECS called it RUNNING. */
  toRunning: number;
  /** From then on. */
  toFirstLine: number;
  /** When ECS called it RUNNING, in ms since the epoch. */
  runningAt: number;
}

/** @param begin @param firstLine in ms since the epoch, by this machine's one clock */
export function reached(begin: number, { createdAt, startedAt }: Task, firstLine: number): Start {
  const [created, started] = [createdAt!.getTime(), startedAt!.getTime()];
  return {
    total: firstLine - begin,
    toTask: created - begin,
    toRunning: started - created,
    toFirstLine: firstLine - started,
    runningAt: started,
  };
}
