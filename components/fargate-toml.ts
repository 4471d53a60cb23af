import { stringify } from "smol-toml";
import type { CapacityProvider } from "./capacity-providers";
import { paths } from "./paths";

export interface FargateTomlArgs {
  clusterName: string;
  region: string;
  subnetIds: readonly string[];
  securityGroupIds: readonly string[];
  /** family:revision */
  taskDefinition: string;
  /** Gives tasks public addresses; the host connects to the private ones in any case. */
  assignPublicIp: boolean;
  capacityProviders: readonly CapacityProvider[];
  /** Tags of each task. */
  tags: Record<string, string>;
}

/** The driver's fargate.toml. */
export function fargateToml(args: FargateTomlArgs): string {
  return stringify({
    LogLevel: "info",
    Fargate: {
      Cluster: args.clusterName,
      Region: args.region,
      Subnets: [...args.subnetIds],
      SecurityGroups: [...args.securityGroupIds],
      TaskDefinition: args.taskDefinition,
      EnablePublicIP: args.assignPublicIp,
      UsePublicIP: false,
      CapacityProviders: args.capacityProviders.map(({ name, weight, base }) => ({
        Name: name,
        Weight: weight,
        Base: base,
      })),
      Tags: { ...args.tags },
    },
    TaskMetadata: { Directory: paths.metadata },
    SSH: { Username: "root", Port: 22 },
  });
}
