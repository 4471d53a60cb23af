import type * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";

export interface MetricsAccess {
  port: number;
  allowedCidrs: readonly string[];
  allowedSecurityGroupIds: readonly string[];
}

/** Where the runner listens: for itself alone, unless someone else may ask. The host's address is a private one. */
export function metricsAddress({ port, allowedCidrs, allowedSecurityGroupIds }: MetricsAccess): string {
  return `${allowedCidrs.length + allowedSecurityGroupIds.length === 0 ? "127.0.0.1" : "0.0.0.0"}:${port}`;
}

/** Lets those in, and nobody else. */
export function allowMetrics(
  name: string,
  group: ec2.SecurityGroup,
  { port, allowedCidrs, allowedSecurityGroupIds }: MetricsAccess,
  tags: Record<string, string>,
  opts: pulumi.CustomResourceOptions,
): void {
  const cidrs = allowedCidrs.map(
    (cidr) => [cidr, cidr.includes(":") ? { cidrIpv6: cidr } : { cidrIpv4: cidr }] as const,
  );
  const groups = allowedSecurityGroupIds.map((id) => [id, { referencedSecurityGroupId: id }] as const);
  for (const [key, source] of [...cidrs, ...groups]) {
    new vpc.SecurityGroupIngressRule(
      `${name}-${key}`,
      {
        securityGroupId: group.id,
        ...source,
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
        description: "Prometheus",
        tags,
      },
      opts,
    );
  }
}
