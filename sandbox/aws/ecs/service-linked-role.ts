/**
 * The role that ECS has in an account: it comes with the account's first use of ECS, and until then the capacity
 * providers of a cluster are refused, and tasks that need network interfaces.
 */
import { CreateRoleCommand, GetRoleCommand, type IAMClient } from "@aws-sdk/client-iam";
import { AwsError } from "../protocol";

type Iam = Pick<IAMClient, "send">;

const RoleName = "AWSServiceRoleForECS";

/** By name and path: moto's CreateServiceLinkedRole would call it AWSServiceRoleForecs. */
export function createServiceLinkedRole(iam: Iam): Promise<unknown> {
  const Principal = { Service: "ecs.amazonaws.com" };
  const Statement = [{ Effect: "Allow", Action: "sts:AssumeRole", Principal }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  const Path = "/aws-service-role/ecs.amazonaws.com/";
  return iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument }));
}

/** Asks for the role until it is there, and again once `forget` says that IAM has changed. */
export function serviceLinkedRole(iam: Iam): { require(): Promise<void>; forget(): void } {
  let there: Promise<void> | undefined;
  return {
    require() {
      there ??= requireServiceLinkedRole(iam);
      there.catch(() => (there = undefined));
      return there;
    },
    forget: () => void (there = undefined),
  };
}

/**
 * Makes the role where it is missing, which is too late for whoever needs it now.
 * https://github.com/hashicorp/terraform-provider-aws/issues/15452, https://github.com/awslabs/fargatecli/issues/35
 *
 * @throws AwsError where it was missing
 */
export async function requireServiceLinkedRole(iam: Iam): Promise<void> {
  try {
    await iam.send(new GetRoleCommand({ RoleName }));
  } catch (error) {
    if (!(error as Error).name.startsWith("NoSuchEntity")) throw error;
    await createServiceLinkedRole(iam);
    throw new AwsError(
      "InvalidParameterException",
      "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
    );
  }
}
