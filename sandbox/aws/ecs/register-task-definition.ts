/**
 * What ECS refuses in RegisterTaskDefinition for Fargate. Sources, beneath https://docs.aws.amazon.com/AmazonECS/latest:
 * APIReference/API_ContainerDefinition.html (and of its parts), developerguide/fargate-tasks-services.html. The words of
 * most messages are not AWS's; those of sourcePath, of sizes, of too many containers and of an unknown volume are.
 */
import { AwsError } from "../protocol";
import { taskSize } from "./size";
import type { ContainerDefinition, HealthCheck, TaskDefinition } from "./types";

type Found = Record<string, unknown>;

/** Keys of a task definition, and of a container's, that Fargate takes no value of. */
const unsupported = {
  task: ["ipcMode", "placementConstraints", "inferenceAccelerators"],
  container: [
    ...["disableNetworking", "dnsSearchDomains", "dnsServers", "dockerSecurityOptions", "extraHosts", "hostname"],
    ...["links", "privileged", "resourceRequirements"],
    ...["devices", "maxSwap", "sharedMemorySize", "swappiness", "tmpfs"].map((key) => `linuxParameters.${key}`),
  ],
  volume: ["host.sourcePath", "dockerVolumeConfiguration"],
};

/** Least and most of a container's numbers. */
const ranges: Record<string, [number, number]> = {
  startTimeout: [2, 120],
  stopTimeout: [0, 120],
  memory: [4, Infinity],
  memoryReservation: [4, Infinity],
  "healthCheck.interval": [5, 300],
  "healthCheck.timeout": [2, 60],
  "healthCheck.retries": [1, 10],
  "healthCheck.startPeriod": [0, 300],
};

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html */
const maxContainers = 10;

const logDrivers = ["awslogs", "splunk", "awsfirelens"];

/** @throws AwsError ClientException where ECS registers no such task definition for Fargate */
export function validateForFargate(definition: TaskDefinition): void {
  const [problem] = problems(definition);
  if (problem !== undefined) throw new AwsError("ClientException", problem);
  taskSize(definition);
}

/** ECS names the first alone. */
export function* problems(definition: TaskDefinition): Generator<string> {
  const { containerDefinitions = [], volumes = [], executionRoleArn } = definition;
  if (definition.networkMode !== "awsvpc") yield "Fargate only supports network mode ‘awsvpc’.";
  for (const size of ["cpu", "memory"] as const) {
    if (!definition[size]) yield `Fargate requires that '${size}' be defined at the task level.`;
  }
  yield* refusedKeys(definition, unsupported.task);
  for (const volume of volumes) yield* refusedKeys(volume, unsupported.volume);
  if (!containerDefinitions.some(({ essential }) => essential !== false)) {
    yield "TaskDefinition must have at least one essential container.";
  }
  if (containerDefinitions.length > maxContainers) yield "Too many containers.";
  const names = containerDefinitions.map(({ name }) => name);
  if (new Set(names).size < names.length) yield "Container names must be unique in a task definition.";
  for (const container of containerDefinitions) {
    yield* containerProblems(container, definition);
    if (executionRoleArn) continue;
    if (container.logConfiguration?.logDriver === "awslogs") yield needsRole("log driver awslogs");
    if (/\.dkr\.ecr\./.test(container.image)) yield needsRole("ECR images");
  }
  const sum = (key: "cpu" | "memory") => containerDefinitions.reduce((all, one) => all + (one[key] ?? 0), 0);
  if (sum("memory") > taskSize(definition).memory) yield "The containers' memory is more than the task's.";
  if (sum("cpu") > taskSize(definition).cpu) yield "The containers' cpu is more than the task's.";
  const circle = circleIn(containerDefinitions);
  if (circle) yield `The dependencies of container '${circle}' make a circle.`;
}

function* containerProblems(container: ContainerDefinition, definition: TaskDefinition): Generator<string> {
  const { name, healthCheck, memory = Infinity, memoryReservation = 0 } = container;
  const setting = (key: string) => `Invalid setting for container '${name}': ${key}`;
  yield* refusedKeys(container, unsupported.container);
  for (const capability of container.linuxParameters?.capabilities?.add ?? []) {
    if (capability !== "SYS_PTRACE") yield unsupportedText(`adding the capability ${capability}`);
  }
  const { logDriver = "awslogs" } = container.logConfiguration ?? {};
  if (!logDrivers.includes(logDriver)) yield unsupportedText(`log driver ${logDriver}`);
  for (const { name: limit } of container.ulimits ?? []) {
    if (limit !== "nofile") yield unsupportedText(`ulimit ${limit}`);
  }
  for (const { hostPort, containerPort } of container.portMappings ?? []) {
    if (hostPort && hostPort !== containerPort) yield setting("with awsvpc hostPort is containerPort.");
  }
  for (const { sourceVolume } of container.mountPoints ?? []) {
    if (!definition.volumes?.some((volume) => volume.name === sourceVolume)) yield `Unknown volume '${sourceVolume}'.`;
  }
  for (const [key, [least, most]] of Object.entries(ranges)) {
    const value = valueAt(container, key) as number | undefined;
    if (value !== undefined && (value < least || value > most)) yield setting(`${key} is not within ${least}–${most}.`);
  }
  if (memoryReservation > memory) yield setting("memory must be greater than memoryReservation.");
  if (healthCheck && !isCommand(healthCheck)) yield setting("healthCheck.command begins with CMD or CMD-SHELL.");
  for (const { containerName, condition } of container.dependsOn ?? []) {
    const other = definition.containerDefinitions.find((one) => one.name === containerName);
    if (!other) yield setting(`dependsOn ${containerName}, which is not there.`);
    else if (condition === "HEALTHY" && !other.healthCheck) yield setting(`${containerName} has no health check.`);
    else if (["COMPLETE", "SUCCESS"].includes(condition) && other.essential !== false) {
      yield setting(`${containerName} is essential, so that it cannot be depended on with ${condition}.`);
    }
  }
}

const isCommand = ({ command: [kind, ...words] }: HealthCheck) =>
  (kind === "CMD" && words.length > 0) || (kind === "CMD-SHELL" && words.length === 1);

const unsupportedText = (what: string) => `Fargate compatible task definitions do not support ${what}`;
const needsRole = (what: string) => `Fargate requires task definition to have execution role ARN to support ${what}.`;

function* refusedKeys(found: object, keys: string[]): Generator<string> {
  for (const key of keys) {
    const value = valueAt(found, key);
    const isEmpty = value === undefined || value === null || value === false || (value as unknown[]).length === 0;
    if (!isEmpty) yield unsupportedText(key.split(".").pop()!);
  }
}

const valueAt = (found: object, key: string) =>
  key.split(".").reduce<unknown>((value, part) => (value as Found | undefined)?.[part], found);

/** A container that depends on itself, by way of others or not. */
function circleIn(containers: ContainerDefinition[]): string | undefined {
  const after = (name: string) =>
    containers.find((one) => one.name === name)?.dependsOn?.map(({ containerName }) => containerName) ?? [];
  const reaches = (from: string, wanted: string, seen = new Set<string>()): boolean =>
    after(from).some((next) => {
      if (next === wanted) return true;
      if (seen.has(next)) return false;
      return reaches(next, wanted, seen.add(next));
    });
  return containers.map(({ name }) => name).find((name) => reaches(name, name));
}
