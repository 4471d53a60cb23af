import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "./types";

export interface IngressArgs {
  /** Id of the security group whose members are reached. */
  readonly to: pulumi.Input<string>;
  /** Who may reach them: a network in CIDR notation, or the members of a security group by its id. */
  readonly from: { readonly cidr: string } | { readonly securityGroupId: pulumi.Input<string> };
  /** TCP port. */
  readonly port: number;
  readonly description: string;
  readonly tags: Tags;
}

/** Opens one TCP port of a security group's members to one network or one other group. */
export function allowIngress(
  name: string,
  { to, from, port, description, tags }: IngressArgs,
  opts: pulumi.CustomResourceOptions,
): vpc.SecurityGroupIngressRule {
  return new vpc.SecurityGroupIngressRule(
    name,
    { securityGroupId: to, ...source(from), ipProtocol: "tcp", fromPort: port, toPort: port, description, tags },
    opts,
  );
}

function source(from: IngressArgs["from"]) {
  if ("securityGroupId" in from) return { referencedSecurityGroupId: from.securityGroupId };
  return from.cidr.includes(":") ? { cidrIpv6: from.cidr } : { cidrIpv4: from.cidr };
}
