/** Whether ECS may take a task's roles. */
import type { IAMClient } from "@aws-sdk/client-iam";
import { AccessDenied } from "../iam/authorizer";
import { requireTrust } from "../iam/trust";
import { AwsError } from "../protocol";
import type { TaskDefinition } from "./types";

/** @throws UnsupportedPolicy */
export async function trustsTasks(iam: Pick<IAMClient, "send">, roleArn: string): Promise<boolean> {
  try {
    await requireTrust(iam, roleArn, { service: "ecs-tasks.amazonaws.com" });
    return true;
  } catch (error) {
    if (error instanceof AccessDenied) return false;
    throw error;
  }
}

/** @throws AwsError ClientException for a role that ECS may not take */
export async function requireRoles(
  { taskRoleArn, executionRoleArn }: Pick<TaskDefinition, "taskRoleArn" | "executionRoleArn">,
  trusted: (roleArn: string) => Promise<boolean>,
): Promise<void> {
  for (const role of [executionRoleArn, taskRoleArn]) {
    if (role === undefined || (await trusted(role))) continue;
    throw new AwsError(
      "ClientException",
      `ECS was unable to assume the role '${role}' that was provided for this task. Please verify that the role being ` +
        "passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
    );
  }
}
