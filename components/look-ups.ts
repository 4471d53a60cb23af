/**
 * What is there already, in AWS and in GitLab. It is looked up before anything is registered: what is missing is told
 * as a setting that names it, all at once, and nothing has been created by then.
 */
import * as ec2 from "@pulumi/aws/ec2";
import * as ssm from "@pulumi/aws/ssm";
import * as gitlab from "@pulumi/gitlab";
import * as pulumi from "@pulumi/pulumi";
import { findDriverSource, type DriverSource } from "./driver-source";
import { gitlabTrouble, imageTrouble, vpcTrouble, type Trouble } from "./look-up-errors";
import type { Entry, Settings } from "./settings";

export interface Network {
  vpcId: string;
  /** In a fixed order. */
  subnetIds: readonly string[];
}

export interface LookUps {
  network: Network;
  /** Machine image of a new host. */
  amiId: string;
  /** Ids of the entries' groups and projects, by the entry's key. */
  owners: ReadonlyMap<string, number>;
  driver: DriverSource;
}

/** @throws pulumi.RunError that lists everything that was not found, and each reason once */
export async function lookUp(settings: Settings): Promise<LookUps> {
  const { network, host, architecture, entries, driver } = settings;
  const owned = entries.filter(({ kind }) => kind !== "instance");
  const [foundNetwork, foundAmi, foundDriver, ...foundOwners] = await Promise.allSettled([
    findNetwork(network),
    host.amiId ?? latestAmazonLinux(architecture),
    findDriverSource(driver),
    ...owned.map((entry) => findOwner(entry, settings.gitlabUrl)),
  ]);
  const failures = [foundNetwork, foundAmi, foundDriver, ...foundOwners].flatMap((result) =>
    result.status === "rejected" ? [result.reason as Error] : [],
  );
  if (failures.length > 0) {
    const byReason = new Map(failures.map((failure) => [reasonOf(failure), failure.message]));
    throw new pulumi.RunError([...byReason.values()].join("\n"));
  }
  return {
    network: valueOf(foundNetwork),
    amiId: valueOf(foundAmi),
    driver: valueOf(foundDriver),
    owners: new Map(foundOwners.map((result, index) => [owned[index].key, valueOf(result)])),
  };
}

async function findNetwork({ vpcId, subnetIds }: Settings["network"]): Promise<Network> {
  if (vpcId !== undefined && subnetIds !== undefined) return { vpcId, subnetIds };
  const vpc = await ec2.getVpc({ default: true }).catch((error: unknown) => {
    throw new LookUpError(vpcTrouble(error));
  });
  const filters = [
    { name: "vpc-id", values: [vpc.id] },
    { name: "default-for-az", values: ["true"] },
  ];
  const { ids } = await ec2.getSubnets({ filters });
  if (ids.length === 0) {
    throw new Error(`network: the default VPC ${vpc.id} has no default subnets; name some by network.subnetIds`);
  }
  return { vpcId: vpc.id, subnetIds: [...ids].sort() };
}

async function latestAmazonLinux(architecture: Settings["architecture"]): Promise<string> {
  const name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
  const parameter = await ssm.getParameter({ name }).catch((error: unknown) => {
    throw new LookUpError(imageTrouble(error, architecture));
  });
  return parameter.insecureValue;
}

async function findOwner(entry: Entry, gitlabUrl: string): Promise<number> {
  const { kind, path } = entry;
  try {
    if (kind === "group") return (await gitlab.getGroup({ fullPath: path })).groupId;
    return Number((await gitlab.getProject({ pathWithNamespace: path })).id);
  } catch (error) {
    throw new LookUpError(gitlabTrouble(entry, gitlabUrl, error));
  }
}

class LookUpError extends Error {
  readonly reason: string;

  constructor({ reason, message }: Trouble) {
    super(message);
    this.reason = reason;
  }
}

const reasonOf = (error: Error): string => (error instanceof LookUpError ? error.reason : error.message);

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}
