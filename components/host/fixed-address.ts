import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../types";

export interface FixedAddress {
  /** Known when the host has it. */
  readonly address: pulumi.Output<string>;
  /** The host's hold on it. Without it, a host in a public subnet reaches nothing beyond its VPC. */
  readonly association: pulumi.Resource;
}

/**
 * A public address of the host's own. The one that EC2 gives by itself is another one after each stop and start, and the
 * old one may be a stranger's by then; this one stays the stack's for as long as the host is in it.
 */
export function fixedAddress(
  name: string,
  instance: ec2.Instance,
  tags: Tags,
  opts: pulumi.CustomResourceOptions,
): FixedAddress {
  // A host that takes another one's place has an address of its own: the other one is drained at its old address.
  const eip = new ec2.Eip(name, { domain: "vpc", tags }, { ...opts, replaceWith: [instance] });
  const association = new ec2.EipAssociation(name, { allocationId: eip.allocationId, instanceId: instance.id }, opts);
  return { address: pulumi.all([eip.publicIp, association.id]).apply(([address]) => address), association };
}
