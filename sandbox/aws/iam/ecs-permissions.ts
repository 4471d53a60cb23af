/**
 * What a call of ECS needs: actions, resources and condition keys.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
 */
import { accountId, region } from "../../config";
import type { RunTaskRequest, Tag, TaskDefinition } from "../ecs/types";
import type { Context } from "./conditions";
import type { Permission } from "./evaluate";

const prefix = `arn:aws:ecs:${region}:${accountId}`;

/** The parts of requests that say what they are about. */
interface EcsRequest extends Partial<RunTaskRequest> {
  /** StopTask. */
  task?: string;
  /** DescribeTasks. */
  tasks?: string[];
  /** TagResource and its like. */
  resourceArn?: string;
  /** RegisterTaskDefinition. */
  taskRoleArn?: string;
  executionRoleArn?: string;
  family?: string;
  requiresCompatibilities?: string[];
  /** CreateCluster. */
  clusterName?: string;
  /** DescribeClusters. */
  clusters?: string[];
}

/** @param definition the task definition that RunTask's request resolves to */
export function ecsPermissions(action: string, body: EcsRequest, definition?: TaskDefinition): Permission[] {
  const cluster = clusterArn(body.cluster);
  const inCluster = { "ecs:cluster": cluster };
  const needs = (resource: string, context: Context): Permission => ({ action: `ecs:${action}`, resource, context });
  const taskArn = (task: string) => (task.startsWith("arn:") ? task : `${prefix}:task/${clusterName(cluster)}/${task}`);
  switch (action) {
    case "RunTask":
      return runTask(body as RunTaskRequest, cluster, definition!);
    case "StopTask":
      return [needs(taskArn(body.task ?? ""), inCluster)];
    case "DescribeTasks":
      return (body.tasks ?? []).map((task) => needs(taskArn(task), inCluster));
    case "RegisterTaskDefinition":
      return [
        // It has no revision yet.
        ...makeTagged(`${prefix}:task-definition/${body.family ?? "*"}:*`, action, body.tags, {
          "ecs:compute-compatibility": body.requiresCompatibilities ?? [],
        }),
        ...passRoles([body.taskRoleArn, body.executionRoleArn]),
      ];
    case "CreateCluster":
      return makeTagged(clusterArn(body.clusterName), action, body.tags);
    case "DescribeClusters":
      return (body.clusters ?? ["default"]).map((name) => needs(clusterArn(name), {}));
    case "DeleteCluster":
    case "UpdateCluster":
    case "PutClusterCapacityProviders":
      return [needs(cluster, {})];
    case "TagResource":
    case "UntagResource":
    case "ListTagsForResource":
      return [needs(body.resourceArn ?? "*", requestTags(action === "TagResource" ? body.tags : []))];
    default:
      // ListTasks among others: it knows container instances only, which Fargate has none of.
      return [needs("*", body.cluster === undefined ? {} : inCluster)];
  }
}

/** To make something, and to tag it where the request has tags. @param own keys of the one action only */
function makeTagged(resource: string, action: string, tags: Tag[] = [], own: Context = {}): Permission[] {
  const context = requestTags(tags);
  const tag = { action: "ecs:TagResource", resource, context: { ...context, "ecs:CreateAction": action } };
  return [{ action: `ecs:${action}`, resource, context: { ...context, ...own } }, ...(tags.length > 0 ? [tag] : [])];
}

function runTask(request: RunTaskRequest, cluster: string, definition: TaskDefinition): Permission[] {
  const { overrides = {}, tags = [], enableExecuteCommand = false } = request;
  const context = { "ecs:cluster": cluster, ...requestTags(tags) };
  const tagging: Permission = {
    action: "ecs:TagResource",
    // The task has no id yet.
    resource: `${prefix}:task/${clusterName(cluster)}/*`,
    context: { ...context, "ecs:CreateAction": "RunTask" },
  };
  return [
    {
      action: "ecs:RunTask",
      resource: definition.taskDefinitionArn,
      context: { ...context, "ecs:enable-execute-command": String(enableExecuteCommand) },
    },
    ...(tags.length > 0 || request.propagateTags === "TASK_DEFINITION" ? [tagging] : []),
    ...passRoles([
      overrides.taskRoleArn ?? definition.taskRoleArn,
      overrides.executionRoleArn ?? definition.executionRoleArn,
    ]),
  ];
}

/** Whoever starts a task hands its roles to it. */
const passRoles = (roles: (string | undefined)[]): Permission[] =>
  roles
    .filter((role) => role !== undefined)
    .map((resource) => ({
      action: "iam:PassRole",
      resource,
      context: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
    }));

const requestTags = (tags: Tag[] = []): Context => ({
  ...Object.fromEntries(tags.map(({ key, value }) => [`aws:RequestTag/${key}`, value])),
  ...(tags.length > 0 && { "aws:TagKeys": tags.map(({ key }) => key) }),
});

const clusterArn = (name = "default") => (name.startsWith("arn:") ? name : `${prefix}:cluster/${name}`);
const clusterName = (arn: string) => arn.slice(arn.indexOf("/") + 1);
