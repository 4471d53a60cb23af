/** Whether a role may do what it asks for, by the policies that it has at this moment. */
import { AwsError } from "../protocol";
import { evaluate, type Permission } from "./evaluate";
import type { Principal } from "./principal";
import type { RolePolicies } from "./role-policies";
import { accountId, region } from "../../config";

/** AWS's name of a refusal differs by protocol: see refusal.ts. */
export class AccessDenied extends AwsError {
  constructor(message: string) {
    super("AccessDeniedException", message);
  }
}

export class Authorizer {
  constructor(
    private readonly policies: Pick<RolePolicies, "of">,
    private readonly log: (line: string) => void,
  ) {}

  /** @throws AccessDenied for the first permission that is not given; UnsupportedPolicy */
  async require(principal: Principal, permissions: Permission[]): Promise<void> {
    for (const permission of permissions) {
      const denial = await this.denial(principal, permission);
      if (!denial) continue;
      this.log(`IAM: ${denial}`);
      throw new AccessDenied(denial);
    }
  }

  /**
   * What AWS says where a permission is missing; undefined where it is given.
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
   */
  async denial(principal: Principal, { action, resource, context }: Permission): Promise<string | undefined> {
    const policies = { ...(await this.policies.of(principal.roleName)), session: principal.policy };
    const { allowed, reason } = evaluate(policies, {
      action,
      resource,
      context: { ...globalContext(principal), ...context },
    });
    return allowed
      ? undefined
      : `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
  }
}

/** Of the keys that every request has, those that the sandbox knows. Its plain HTTP stands for AWS's TLS. */
export const globalContext = ({ roleArn }: Pick<Principal, "roleArn">) => ({
  "aws:PrincipalArn": roleArn,
  "aws:PrincipalAccount": accountId,
  "aws:PrincipalType": "AssumedRole",
  "aws:RequestedRegion": region,
  "aws:SecureTransport": "true",
});
