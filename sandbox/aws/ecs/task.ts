/** A task's record, its states, and the form in which ECS shows it. */
import { randomUUID } from "node:crypto";
import { accountId, region } from "../../config";
import type { TaskSize } from "./size";
import type { ContainerDefinition, Tag, TaskDefinition, TaskOverride } from "./types";

/** A task's states in their order (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html). */
export const taskStates = [
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
    })),
    state: "PROVISIONING",
    desiredState: "RUNNING",
    times: { created: now() },
    version: 1,
  };
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
}

/** Notes why a task has to end. The first reason stays: what follows from stopping is not its cause. */
export function markStopping(task: Task, code: StopCode, reason: string): boolean {
  if (task.desiredState === "STOPPED") return false;
  task.desiredState = "STOPPED";
  task.stopCode = code;
  task.stoppedReason = reason;
  task.times.stopping = now();
  task.version++;
  return true;
}

export const now = (): number => Date.now() / 1000;

/** A task as RunTask, StopTask and DescribeTasks show it. */
export function describeTask(task: Task, include: { tags: boolean }): Record<string, unknown> {
  const { eni, times, size } = task;
  const privateIp = eni ? [{ attachmentId: task.attachmentId, privateIpv4Address: eni.privateIp }] : [];
  return {
    taskArn: task.arn,
    clusterArn: task.clusterArn,
    taskDefinitionArn: task.definition.taskDefinitionArn,
    group: task.group,
    startedBy: task.startedBy,
    launchType: "FARGATE",
    capacityProviderName: task.capacityProvider,
    platformVersion: task.platformVersion,
    platformFamily: "Linux",
    availabilityZone: task.availabilityZone,
    lastStatus: task.state,
    desiredStatus: task.desiredState,
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    cpu: String(size.cpu),
    memory: String(size.memory),
    ephemeralStorage: { sizeInGiB: size.ephemeralStorage },
    overrides: {
      ...task.overrides,
      containerOverrides: task.containers.map(({ definition }) => ({
        ...task.overrides.containerOverrides?.find((override) => override.name === definition.name),
        name: definition.name,
      })),
      inferenceAcceleratorOverrides: [],
    },
    attachments: [
      {
        id: task.attachmentId,
        type: "ElasticNetworkInterface",
        status: !eni ? "PRECREATED" : task.state === "STOPPED" ? "DELETED" : "ATTACHED",
        details: [
          { name: "subnetId", value: task.subnetId },
          ...(eni
            ? [
                { name: "networkInterfaceId", value: eni.networkInterfaceId },
                { name: "macAddress", value: eni.macAddress },
                { name: "privateIPv4Address", value: eni.privateIp },
              ]
            : []),
        ],
      },
    ],
    attributes: [{ name: "ecs.cpu-architecture", value: "x86_64" }],
    connectivity: "CONNECTED",
    enableExecuteCommand: task.enableExecuteCommand,
    healthStatus: "UNKNOWN",
    containers: task.containers.map((container) => ({
      containerArn: container.arn,
      taskArn: task.arn,
      name: container.definition.name,
      image: container.definition.image,
      imageDigest: container.imageDigest,
      runtimeId: container.runtimeId,
      lastStatus: container.state,
      exitCode: container.exitCode,
      reason: container.reason,
      healthStatus: "UNKNOWN",
      networkBindings: [],
      networkInterfaces: privateIp,
      cpu: String(container.definition.cpu ?? 0),
      memory: container.definition.memory === undefined ? undefined : String(container.definition.memory),
    })),
    createdAt: times.created,
    pullStartedAt: times.pullStarted,
    pullStoppedAt: times.pullStopped,
    startedAt: times.started,
    stoppingAt: times.stopping,
    executionStoppedAt: times.executionStopped,
    stoppedAt: times.stopped,
    tags: include.tags ? task.tags : [],
    version: task.version,
  };
}
