import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";

export interface Network {
  vpcId: pulumi.Output<string>;
  /** In a fixed order. */
  subnetIds: pulumi.Output<string[]>;
}

/** The network of the settings; where they name none, the default VPC and its default subnets. */
export function findNetwork(
  settings: { vpcId?: string; subnetIds?: readonly string[] },
  opts: pulumi.InvokeOptions,
): Network {
  const { vpcId, subnetIds } = settings;
  if (vpcId !== undefined && subnetIds !== undefined) {
    return { vpcId: pulumi.output(vpcId), subnetIds: pulumi.output([...subnetIds]) };
  }
  const found = pulumi.output(findDefaultNetwork(opts));
  return { vpcId: found.vpcId, subnetIds: found.subnetIds };
}

async function findDefaultNetwork(opts: pulumi.InvokeOptions) {
  const vpc = await ec2.getVpc({ default: true }, opts).catch((error: Error) => {
    throw new pulumi.RunError(
      `network: no default VPC in this region; name one by network.vpcId and network.subnetIds (${error.message})`,
    );
  });
  const filters = [
    { name: "vpc-id", values: [vpc.id] },
    { name: "default-for-az", values: ["true"] },
  ];
  const { ids } = await ec2.getSubnets({ filters }, opts);
  if (ids.length === 0) {
    throw new pulumi.RunError(
      `network: the default VPC ${vpc.id} has no default subnets; name some by network.subnetIds`,
    );
  }
  return { vpcId: vpc.id, subnetIds: [...ids].sort() };
}
