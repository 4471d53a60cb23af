/** From a RunTask request to the tasks that it makes, and those for which there is no capacity. */
import type { Moto } from "../moto";
import { AwsError } from "../protocol";
import { resolveCapacity } from "./capacity";
import { validateRunTask } from "./run-task-request";
import { taskSize } from "./size";
import { requireRoles } from "./task-roles";
import type { NewTask, Task } from "./task";
import type { Cluster, Failure, RunTaskRequest, Tag, TaskDefinition } from "./types";

export interface PlanOptions {
  moto: Pick<Moto, "ecs">;
  /** Whether a role lets ECS take it for tasks. */
  trusted(roleArn: string): Promise<boolean>;
  /** The subnets' zones. @throws AwsError where one is not there, or a security group is not in their VPC */
  zones(subnetIds: string[], securityGroupIds: string[]): Promise<string[]>;
  /** The tasks of the account that have not stopped. */
  running: Pick<Task, "capacityProvider" | "size">[];
  /** How many vCPU may run at a time, of on-demand and of Spot capacity each. */
  vcpuQuota: number;
  /** Why a provider has no capacity for one more task, if it has none. */
  capacityFailure(provider: string): string | undefined;
  /** Which of `count` subnets the next task is placed in. */
  pickSubnet(count: number): number;
}

/** @throws AwsError where ECS refuses the request as a whole */
export async function planTasks(
  request: RunTaskRequest,
  cluster: Cluster,
  options: PlanOptions,
): Promise<{ planned: NewTask[]; failures: Failure[] }> {
  const { definition, definitionTags } = await findDefinition(request.taskDefinition, options.moto);
  validateRunTask(request, definition);
  await requireRoles({ ...definition, ...request.overrides }, options.trusted);
  const size = taskSize(definition, request.overrides);
  const capacity = resolveCapacity(cluster, request);
  const { subnets = [], securityGroups = [] } = request.networkConfiguration?.awsvpcConfiguration ?? {};
  const zones = await options.zones(subnets, securityGroups);
  const tags = mergeTags(request.propagateTags === "TASK_DEFINITION" ? definitionTags : [], request.tags ?? []);

  const planned: NewTask[] = [];
  const failures: Failure[] = [];
  const cpuOf = (spot: boolean) =>
    [...options.running, ...planned]
      .filter(({ capacityProvider }) => isSpot(capacityProvider) === spot)
      .reduce((sum, task) => sum + task.size.cpu, 0);
  for (let index = 0; index < (request.count ?? 1); index++) {
    const capacityProvider = "providers" in capacity ? capacity.providers[index] : undefined;
    const used = cpuOf(isSpot(capacityProvider)) + size.cpu;
    const overQuota = used > options.vcpuQuota * 1024 ? quotaReached : undefined;
    const reason = overQuota ?? options.capacityFailure(capacityProvider ?? "FARGATE");
    if (reason) {
      failures.push({ reason });
      continue;
    }
    const at = options.pickSubnet(subnets.length);
    const { platformVersion = "LATEST" } = request;
    planned.push({
      clusterArn: cluster.clusterArn,
      definition,
      size,
      group: request.group ?? `family:${definition.family}`,
      startedBy: request.startedBy,
      capacityProvider,
      platformVersion: platformVersion === "LATEST" ? "1.4.0" : platformVersion,
      enableExecuteCommand: request.enableExecuteCommand ?? false,
      overrides: request.overrides ?? {},
      tags,
      subnetId: subnets[at]!,
      securityGroups,
      availabilityZone: zones[at]!,
    });
  }
  return { planned, failures };
}

const isSpot = (capacityProvider: string | undefined) => capacityProvider === "FARGATE_SPOT";

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
const quotaReached = "You’ve reached the limit on the number of vCPUs you can run concurrently";

/** @throws AwsError ClientException where there is none */
export async function findDefinition(taskDefinition: string, moto: Pick<Moto, "ecs">) {
  try {
    const answer = await moto.ecs<{ taskDefinition: TaskDefinition; tags?: Tag[] }>("DescribeTaskDefinition", {
      taskDefinition,
      include: ["TAGS"],
    });
    return { definition: answer.taskDefinition, definitionTags: answer.tags ?? [] };
  } catch (error) {
    throw error instanceof AwsError ? new AwsError("ClientException", "TaskDefinition not found.") : error;
  }
}

/** Later tags replace earlier ones of the same key. */
export const mergeTags = (first: Tag[], second: Tag[]): Tag[] => [
  ...first.filter((tag) => !second.some((other) => other.key === tag.key)),
  ...second,
];
