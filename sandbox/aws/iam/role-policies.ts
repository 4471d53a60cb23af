/** The policies of roles as moto keeps them, read once and again after each change. */
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type IAMClient,
} from "@aws-sdk/client-iam";
import type { Policies } from "./evaluate";
import { decoded, parsePolicy, type Policy } from "./policy";

const nothing: Policies = { identity: [] };

export class RolePolicies {
  private readonly known = new Map<string, Promise<Policies>>();

  constructor(private readonly iam: Pick<IAMClient, "send">) {}

  /** A role that is gone has no policies. @throws UnsupportedPolicy */
  of(roleName: string): Promise<Policies> {
    const known = this.known.get(roleName);
    if (known) return known;
    const read = this.read(roleName);
    this.known.set(roleName, read);
    read.catch(() => this.known.delete(roleName));
    return read;
  }

  /** Something of IAM has changed, which is seen after so many ms. What was never asked for is seen at once. */
  forget(delay = 0): void {
    if (delay === 0) this.known.clear();
    else setTimeout(() => this.known.clear(), delay).unref();
  }

  private async read(RoleName: string): Promise<Policies> {
    try {
      const [{ Role }, { PolicyNames = [] }, { AttachedPolicies = [] }] = await Promise.all([
        this.iam.send(new GetRoleCommand({ RoleName })),
        this.iam.send(new ListRolePoliciesCommand({ RoleName })),
        this.iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
      ]);
      const boundary = Role?.PermissionsBoundary?.PermissionsBoundaryArn;
      return {
        identity: await Promise.all([
          ...PolicyNames.map((name) => this.inline(RoleName, name)),
          ...AttachedPolicies.map(({ PolicyArn }) => this.managed(PolicyArn!)),
        ]),
        ...(boundary && { boundary: await this.managed(boundary) }),
      };
    } catch (error) {
      if ((error as Error).name.startsWith("NoSuchEntity")) return nothing;
      throw error;
    }
  }

  private async inline(RoleName: string, PolicyName: string): Promise<Policy> {
    const { PolicyDocument } = await this.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    return parsePolicy(PolicyName, decoded(PolicyDocument));
  }

  private async managed(PolicyArn: string): Promise<Policy> {
    const { Policy } = await this.iam.send(new GetPolicyCommand({ PolicyArn }));
    const VersionId = Policy?.DefaultVersionId;
    const { PolicyVersion } = await this.iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
    return parsePolicy(PolicyArn, decoded(PolicyVersion?.Document));
  }
}
