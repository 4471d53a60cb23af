import { stringify } from "smol-toml";
import type { CapacityProvider } from "./capacity-providers";
import { paths } from "../host/paths";

export interface FargateTomlArgs {
  clusterName: string;
  region: string;
  subnetIds: readonly string[];
  securityGroupIds: readonly string[];
  /** family:revision */
  taskDefinition: string;
  /** Families that a job may name in FARGATE_TASK_DEFINITION. */
  allowedTaskDefinitions: readonly string[];
  /** CPU units, MiB, GiB: what a job may ask for at most; nothing of what is left out. */
  maxSize: { cpu?: number; memory?: number; ephemeralStorage?: number };
  /** Gives tasks public addresses; the host connects to the private ones in any case. */
  assignPublicIp: boolean;
  capacityProviders: readonly CapacityProvider[];
  /** Lets administrators open a shell in a task by ECS Exec. */
  execAllowed?: boolean;
  /** Jobs at once on a host. config.toml's `concurrent` is higher, as idle runners count there. */
  maxJobs: number;
  /** Tags of each task. */
  tags: Record<string, string>;
}

/** The driver's fargate.toml. */
export function fargateToml(args: FargateTomlArgs): string {
  const { cpu, memory, ephemeralStorage } = args.maxSize;
  return stringify({
    LogLevel: "info",
    Fargate: {
      Cluster: args.clusterName,
      Region: args.region,
      Subnets: [...args.subnetIds],
      SecurityGroups: [...args.securityGroupIds],
      TaskDefinition: args.taskDefinition,
      AllowedTaskDefinitions: [...args.allowedTaskDefinitions].sort(),
      ...(cpu !== undefined && { MaxCPU: cpu }),
      ...(memory !== undefined && { MaxMemory: memory }),
      ...(ephemeralStorage !== undefined && { MaxEphemeralStorage: ephemeralStorage }),
      EnablePublicIP: args.assignPublicIp,
      UsePublicIP: false,
      CapacityProviders: args.capacityProviders.map(({ name, weight, base }) => ({
        Name: name,
        Weight: weight,
        Base: base,
      })),
      MaxJobs: args.maxJobs,
      // Below prepare_exec_timeout by what starting a task may take.
      SlotTimeout: "45m",
      // Jobs choose none but the one that is configured.
      AllowedPlatformVersions: [],
      ...(onSpotOrDemand(args.capacityProviders) && { OnDemandFallback: true }),
      ...(args.execAllowed && { EnableExecuteCommand: true }),
      Tags: { ...args.tags },
    },
    TaskMetadata: { Directory: paths.metadata },
    SSH: { Username: "root", Port: 22 },
  });
}

/** Whoever takes both kinds of capacity is better served by the other kind than by a failed job. */
const onSpotOrDemand = (providers: readonly CapacityProvider[]): boolean =>
  new Set(providers.map(({ name }) => name)).size > 1;
