import { stringify } from "smol-toml";
import { logStreamPrefix } from "../names";
import { paths } from "../host/paths";
import type { Registry } from "../settings/registries";
import { onSpotOrDemand, type CapacityProvider } from "./capacity-providers";

export interface FargateTomlArgs {
  readonly clusterName: string;
  readonly region: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** family:revision */
  readonly taskDefinition: string;
  /** Families that a job may name in FARGATE_TASK_DEFINITION. */
  readonly allowedTaskDefinitions: readonly string[];
  /**
   * Patterns of the images that a job may name by `image:`.
   * @default none
   */
  readonly images?: readonly string[];
  /**
   * Patterns of the services that a job may name by `services:`.
   * @default none
   */
  readonly services?: readonly string[];
  /**
   * Seconds that jobs wait for their services.
   * @default the driver's
   */
  readonly waitForServices?: number;
  /**
   * How ECS gets at the images of some registries.
   * @default as their names say
   */
  readonly registries?: Readonly<Record<string, Registry>>;
  /** The most that a job may ask for, in CPU units, MiB and GiB. It may not ask for what is left out. */
  readonly maxSize: { cpu?: number; memory?: number; ephemeralStorage?: number };
  /**
   * What the jobs of some runners get and may ask for, instead of the above.
   * @default none
   */
  readonly profiles?: readonly ProfileArgs[];
  /** Gives tasks public addresses. The host connects to their private ones in any case. */
  readonly assignPublicIp: boolean;
  readonly capacityProviders: readonly CapacityProvider[];
  /**
   * Lets administrators open a shell in a task by ECS Exec.
   * @default false
   */
  readonly execAllowed?: boolean;
  /**
   * Links a job's log to its task and to the task's stream in this log group.
   * @default no links
   */
  readonly linkedLogGroup?: string;
  /** Jobs at once on a host. config.toml's `concurrent` is higher, as idle runners count there. */
  readonly maxJobs: number;
  /** Tags of each task. */
  readonly tags: Record<string, string>;
}

/** As in FargateTomlArgs, which holds where something is left out. */
type ProfileArgs = Pick<FargateTomlArgs, "taskDefinition" | "allowedTaskDefinitions" | "maxSize"> &
  Partial<
    Pick<
      FargateTomlArgs,
      "images" | "services" | "subnetIds" | "securityGroupIds" | "assignPublicIp" | "capacityProviders"
    >
  > & {
    readonly name: string;
    /**
     * ARN of the role that its jobs have in AWS.
     * @default the task definition's
     */
    readonly taskRole?: string;
  };

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
      ...(args.images?.length && { AllowedImages: [...args.images].sort() }),
      ...(args.services?.length && { AllowedServices: [...args.services].sort() }),
      ...(args.waitForServices !== undefined && { WaitForServices: `${args.waitForServices}s` }),
      ...(cpu !== undefined && { MaxCPU: cpu }),
      ...(memory !== undefined && { MaxMemory: memory }),
      ...(ephemeralStorage !== undefined && { MaxEphemeralStorage: ephemeralStorage }),
      ...(Object.keys(args.registries ?? {}).length > 0 && { Registries: registryTables(args.registries!) }),
      EnablePublicIP: args.assignPublicIp,
      UsePublicIP: false,
      CapacityProviders: args.capacityProviders.map(providerTable),
      MaxJobs: args.maxJobs,
      // Together shorter than config.toml's prepare_exec_timeout by the time that starting a task may take.
      SlotTimeout: "45m",
      CapacityTimeout: "15m",
      // Jobs cannot choose a platform version other than the configured one.
      AllowedPlatformVersions: [],
      ...(onSpotOrDemand(args.capacityProviders) && { OnDemandFallback: true }),
      ...(args.execAllowed && { EnableExecuteCommand: true }),
      Tags: { ...args.tags },
    },
    ...(args.profiles?.length && { Profiles: profileTables(args.profiles) }),
    TaskMetadata: { Directory: paths.metadata },
    SSH: { Username: "root", Port: 22 },
    ...(args.linkedLogGroup !== undefined && {
      JobLinks: { Task: true, LogGroup: args.linkedLogGroup, LogStreamPrefix: logStreamPrefix },
    }),
  });
}

const registryTables = (registries: Readonly<Record<string, Registry>>) =>
  Object.fromEntries(
    Object.entries(registries)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([domain, { pullFrom, credentials }]) => [
        domain,
        pullFrom === undefined ? { Credentials: credentials! } : { PullFrom: pullFrom },
      ]),
  );

/** By name, so that the order of entries changes nothing. */
const profileTables = (profiles: readonly ProfileArgs[]) =>
  Object.fromEntries(
    [...profiles].sort((a, b) => (a.name < b.name ? -1 : 1)).map((profile) => [profile.name, profileTable(profile)]),
  );

function profileTable(profile: ProfileArgs) {
  const { maxSize, taskRole, subnetIds, securityGroupIds, assignPublicIp, capacityProviders } = profile;
  return {
    TaskDefinition: profile.taskDefinition,
    AllowedTaskDefinitions: [...profile.allowedTaskDefinitions].sort(),
    // Also where the list is empty: the stack's own may hold some.
    ...(profile.images && { AllowedImages: [...profile.images].sort() }),
    ...(profile.services && { AllowedServices: [...profile.services].sort() }),
    // A bound of 0 takes back what the stack allows.
    MaxCPU: maxSize.cpu ?? 0,
    MaxMemory: maxSize.memory ?? 0,
    MaxEphemeralStorage: maxSize.ephemeralStorage ?? 0,
    ...(taskRole !== undefined && { TaskRole: taskRole }),
    ...(subnetIds && { Subnets: [...subnetIds] }),
    ...(securityGroupIds && { SecurityGroups: [...securityGroupIds] }),
    ...(assignPublicIp !== undefined && { EnablePublicIP: assignPublicIp }),
    ...(capacityProviders && {
      CapacityProviders: capacityProviders.map(providerTable),
      // Also where it is false: the stack's own capacity may be another one.
      OnDemandFallback: onSpotOrDemand(capacityProviders),
    }),
  };
}

const providerTable = ({ name, weight, base }: CapacityProvider) => ({ Name: name, Weight: weight, Base: base });
