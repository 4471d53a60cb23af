/**
 * What ECS does for a task with its execution role: it pulls images from ECR and writes the containers' logs. Errors are
 * worded as a stopped task's reason is:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 *
 * Limit: a task definition without an execution role is not checked; Fargate does not take its images from ECR.
 */
import { accountId, region } from "../../config";
import type { Task } from "../ecs/task";
import type { Authorizer } from "./authorizer";
import { logArn } from "./permissions";
import { assumedRole } from "./principal";

export interface ExecutionRole {
  /** @throws Error "ResourceInitializationError: …" or "CannotPullContainerError: …" */
  pullImage(task: Task, reference: string): Promise<void>;
  /** @throws Error named AccessDeniedException */
  writeLog(task: Task, action: "CreateLogStream" | "PutLogEvents", group: string, stream: string): Promise<void>;
}

/** What a pull needs of the repository, in the order of its calls; AWS's own AmazonECSTaskExecutionRolePolicy lists the same. */
const pullActions = ["ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"];

const image = new RegExp(`^${accountId}\\.dkr\\.ecr\\.${region}\\.amazonaws\\.com/([^:@]+)`);

export function createExecutionRole(authorizer: Pick<Authorizer, "denial">): ExecutionRole {
  async function denial(task: Task, action: string, resource: string): Promise<string | undefined> {
    const arn = task.overrides.executionRoleArn ?? task.definition.executionRoleArn;
    return arn && authorizer.denial(assumedRole(arn, task.id), { action, resource, context: {} });
  }
  return {
    async pullImage(task, reference) {
      const repository = image.exec(reference)?.[1];
      if (!repository) return;
      const loginDenied = await denial(task, "ecr:GetAuthorizationToken", "*");
      if (loginDenied) throw new Error(`${noLogin}: AccessDeniedException: ${loginDenied}`);
      for (const action of pullActions) {
        const denied = await denial(task, action, `arn:aws:ecr:${region}:${accountId}:repository/${repository}`);
        if (denied) throw new Error(`${noManifest} ${reference}: 403 Forbidden - Server message: denied: ${denied}`);
      }
    },
    async writeLog(task, action, group, stream) {
      const denied = await denial(task, `logs:${action}`, logArn(group, stream));
      if (denied) throw Object.assign(new Error(denied), { name: "AccessDeniedException" });
    },
  };
}

const noLogin =
  "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: " +
  "unable to retrieve ecr registry auth: service call has been retried 1 time(s)";
const noManifest = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref";
