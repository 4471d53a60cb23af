/** A task's record and its states. */
import { randomUUID } from "node:crypto";
import { accountId, region } from "../../config";
import type { Health } from "./health";
import type { TaskSize } from "./size";
import type { ContainerDefinition, Tag, TaskDefinition, TaskOverride } from "./types";

/** A task's states in their order (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html). */
const taskStates = [
  "PROVISIONING",
  "PENDING",
  "RUNNING",
  "DEACTIVATING",
  "STOPPING",
  "DEPROVISIONING",
  "STOPPED",
] as const;
export type TaskState = (typeof taskStates)[number];
export type StopCode =
  "TaskFailedToStart" | "EssentialContainerExited" | "UserInitiated" | "SpotInterruption" | "TerminationNotice";

export interface Eni {
  networkInterfaceId: string;
  privateIp: string;
  macAddress: string;
}

export interface ContainerRecord {
  definition: ContainerDefinition;
  arn: string;
  runtimeId: string;
  imageDigest?: string;
  state: "PENDING" | "RUNNING" | "STOPPED";
  health: Health;
  exitCode?: number;
  reason?: string;
}

export interface Task {
  id: string;
  arn: string;
  clusterArn: string;
  definition: TaskDefinition;
  size: TaskSize;
  group: string;
  startedBy?: string;
  capacityProvider?: string;
  platformVersion: string;
  enableExecuteCommand: boolean;
  overrides: TaskOverride;
  tags: Tag[];
  subnetId: string;
  securityGroups: string[];
  availabilityZone: string;
  attachmentId: string;
  eni?: Eni;
  containers: ContainerRecord[];
  state: TaskState;
  desiredState: "RUNNING" | "STOPPED";
  stopCode?: StopCode;
  stoppedReason?: string;
  /** Seconds since the epoch, as the API shows them. */
  times: { created: number } & Partial<
    Record<"pullStarted" | "pullStopped" | "started" | "stopping" | "executionStopped" | "stopped", number>
  >;
  version: number;
  /** What the API has shown of it, oldest first, each since `at` (seconds since the epoch). */
  past: (Pick<Task, "state" | "desiredState" | "stopCode" | "stoppedReason" | "eni"> & { at: number })[];
}

export type NewTask = Pick<
  Task,
  | "clusterArn"
  | "definition"
  | "size"
  | "group"
  | "startedBy"
  | "capacityProvider"
  | "platformVersion"
  | "enableExecuteCommand"
  | "overrides"
  | "tags"
  | "subnetId"
  | "securityGroups"
  | "availabilityZone"
>;

export function newTask(properties: NewTask): Task {
  const id = randomUUID().replaceAll("-", "");
  const cluster = properties.clusterArn.split("/").pop()!;
  const arnPrefix = `arn:aws:ecs:${region}:${accountId}`;
  const created = now();
  return {
    ...properties,
    id,
    arn: `${arnPrefix}:task/${cluster}/${id}`,
    attachmentId: randomUUID(),
    containers: properties.definition.containerDefinitions.map((definition, index) => ({
      definition,
      arn: `${arnPrefix}:container/${cluster}/${id}/${randomUUID()}`,
      runtimeId: `${id}-${index}`,
      state: "PENDING",
      health: "UNKNOWN",
    })),
    state: "PROVISIONING",
    desiredState: "RUNNING",
    times: { created },
    version: 1,
    past: [{ at: created, state: "PROVISIONING", desiredState: "RUNNING" }],
  };
}

function remember(task: Task): void {
  const { state, desiredState, stopCode, stoppedReason, eni } = task;
  task.past.push({ at: now(), state, desiredState, stopCode, stoppedReason, eni });
}

/**
 * Moves a task on.
 * @throws when that would be a step back: a task never leaves STOPPED and never runs again
 */
export function advance(task: Task, state: TaskState): void {
  if (taskStates.indexOf(state) <= taskStates.indexOf(task.state)) {
    throw new Error(`task ${task.id} cannot go from ${task.state} to ${state}`);
  }
  task.state = state;
  task.version++;
  if (state === "RUNNING") task.times.started = now();
  if (state === "STOPPED") task.times.stopped = now();
  remember(task);
}

/** Notes why a task has to end. The first reason stays: what follows from stopping is not its cause. */
export function markStopping(task: Task, code: StopCode, reason: string): boolean {
  if (task.desiredState === "STOPPED") return false;
  task.desiredState = "STOPPED";
  task.stopCode = code;
  task.stoppedReason = reason;
  task.times.stopping = now();
  task.version++;
  remember(task);
  return true;
}

/** The states that a task has been in, each since `at` (ms since the epoch). */
export const statesOf = ({ past }: Task): { state: TaskState; at: number }[] =>
  past
    .filter(({ state }, index) => state !== past[index - 1]?.state)
    .map(({ state, at }) => ({ state, at: Math.round(at * 1000) }));

export const now = (): number => Date.now() / 1000;
