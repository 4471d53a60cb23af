/** What a copy of ECS's records that is behind shows. */
import type { ContainerRecord, Task } from "./task";

/** A task as it was at a time, in seconds since the epoch; undefined where it was not yet. */
export function asOf(task: Task, at: number): Task | undefined {
  const shown = task.past.filter((moment) => moment.at <= at).at(-1);
  if (!shown) return undefined;
  const ended = shown.state === "DEPROVISIONING" || shown.state === "STOPPED";
  const running = ({ definition, arn, runtimeId, imageDigest }: ContainerRecord): ContainerRecord => ({
    ...{ definition, arn, runtimeId, imageDigest, health: "UNKNOWN" },
    state: shown.state === "RUNNING" || shown.state === "STOPPING" ? "RUNNING" : "PENDING",
  });
  return {
    ...task,
    ...shown,
    containers: ended ? task.containers : task.containers.map(running),
    times: Object.fromEntries(Object.entries(task.times).filter(([, time]) => time <= at)) as Task["times"],
  };
}
