import type * as pulumi from "@pulumi/pulumi";
import { allowIngress } from "../ingress";
import type { Tags } from "../types";

export interface MetricsAccess {
  readonly port: number;
  readonly allowedCidrs: readonly string[];
  readonly allowedSecurityGroupIds: readonly string[];
}

/**
 * Where the runner listens, host:port: on its loopback address, unless somebody else may ask. A security group keeps
 * everybody else out.
 */
export function metricsAddress({ port, allowedCidrs, allowedSecurityGroupIds }: MetricsAccess): string {
  return `${allowedCidrs.length + allowedSecurityGroupIds.length === 0 ? "127.0.0.1" : "0.0.0.0"}:${port}`;
}

/** Lets the networks and security groups of the settings read the metrics of the hosts in a security group. */
export function allowMetrics(
  name: string,
  hosts: pulumi.Input<string>,
  { port, allowedCidrs, allowedSecurityGroupIds }: MetricsAccess,
  tags: Tags,
  opts: pulumi.CustomResourceOptions,
): void {
  const allow = (key: string, from: { cidr: string } | { securityGroupId: string }) =>
    allowIngress(`${name}-${key}`, { to: hosts, from, port, description: "Prometheus", tags }, opts);
  for (const cidr of allowedCidrs) allow(cidr, { cidr });
  for (const securityGroupId of allowedSecurityGroupIds) allow(securityGroupId, { securityGroupId });
}
