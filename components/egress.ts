import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "./types";

/**
 * Lets a security group's members reach anything, by IPv4 and by IPv6. EC2 takes the second rule in a VPC without IPv6
 * too, where it has no effect.
 */
export function allowEgress(
  name: string,
  { from, tags }: { from: pulumi.Input<string>; tags: Tags },
  opts: pulumi.CustomResourceOptions,
): vpc.SecurityGroupEgressRule[] {
  const rule = { securityGroupId: from, ipProtocol: "-1", description: "anywhere", tags };
  return [
    new vpc.SecurityGroupEgressRule(name, { ...rule, cidrIpv4: "0.0.0.0/0" }, opts),
    new vpc.SecurityGroupEgressRule(`${name}-ipv6`, { ...rule, cidrIpv6: "::/0" }, opts),
  ];
}
