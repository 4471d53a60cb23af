/**
 * What is there already, in AWS and in GitLab. It is looked up before anything is registered: what is missing is told
 * as a setting that names it, all at once, and nothing has been created by then.
 */
import * as ec2 from "@pulumi/aws/ec2";
import * as ssm from "@pulumi/aws/ssm";
import * as gitlab from "@pulumi/gitlab";
import * as pulumi from "@pulumi/pulumi";
import type { Subnet } from "../host/host-placement";
import { accountNotes } from "./account";
import { findDriverSource, type DriverSource } from "./driver-source";
import { entryTaskErrors } from "./entry-tasks";
import { gitlabTrouble, imageTrouble, instanceTypeTrouble, messageOf, told, vpcTrouble, type Trouble } from "./errors";
import type { GitLabAccess } from "../settings/gitlab-access";
import type { Entry, Settings } from "../settings/settings";
import { scopeTrouble } from "./token-scopes";

export interface Network {
  readonly vpcId: string;
  /** In the order of the settings; those of the default VPC in a fixed order. */
  readonly subnets: readonly Subnet[];
  /** Whether it is the default VPC, whose subnets nobody has chosen: another one may come up at any time. */
  readonly isDefault: boolean;
}

export interface LookUps {
  readonly network: Network;
  /** The subnets that have the hosts' instance type; at least one. */
  readonly hostSubnets: readonly Subnet[];
  /** Machine image of a new host. */
  readonly amiId: string;
  /** Ids of the groups and projects of entries without a token of their own, by the entry's key. */
  readonly owners: ReadonlyMap<string, number>;
  readonly driver: DriverSource;
}

/**
 * @param access what to ask GitLab about its token with; without it nobody asks
 * @throws pulumi.RunError that lists everything that was not found, and each reason once
 */
export async function lookUp(settings: Settings, access?: GitLabAccess): Promise<LookUps> {
  const { network, host, entries, driver } = settings;
  const owned = entries.filter(({ kind, token }) => kind !== "instance" && token === undefined);
  const searchingNetwork = findNetwork(network);
  const lookingAtAccount = accountNotes(settings);
  const lookingAtEntries = entryTaskErrors(
    entries,
    searchingNetwork.then(({ vpcId }) => vpcId),
  );
  const lookingAtToken = access && scopeTrouble(entries, access);
  const [foundNetwork, foundSubnets, foundAmi, foundDriver, ...foundOwners] = await Promise.allSettled([
    searchingNetwork,
    findHostSubnets(host.instanceType, searchingNetwork),
    host.amiId ?? latestAmazonLinux(host.architecture),
    findDriverSource(driver),
    ...owned.map((entry) => findOwner(entry, settings.gitlabUrl)),
  ]);
  const failures = [foundNetwork, foundSubnets, foundAmi, foundDriver, ...foundOwners].flatMap((result) =>
    result.status === "rejected" ? [result.reason as Error] : [],
  );
  // Without a network there are no subnets either, for the same reason.
  const byReason = new Map(failures.map((failure) => [reasonOf(failure), failure.message]));
  // Before a failure too: the program's process ends with it, in the middle of whatever is under way.
  const { warnings, hints } = await lookingAtAccount;
  const scopes = await lookingAtToken;
  // Whoever only previews may do so with a token of their own that only reads.
  const wanting = scopes !== undefined && access!.fromEnvironment && pulumi.runtime.isDryRun();
  if (wanting) warnings.push(scopes);
  // Says more than that GitLab has refused a look-up.
  else if (scopes !== undefined) byReason.set("403", scopes);
  const errors = [...byReason.values(), ...sameOwner(owned, foundOwners), ...(await lookingAtEntries)];
  if (errors.length > 0) throw new pulumi.RunError(errors.join("\n"));
  await Promise.all([...warnings.map((text) => pulumi.log.warn(text)), ...hints.map((text) => pulumi.log.info(text))]);
  return {
    network: valueOf(foundNetwork),
    hostSubnets: valueOf(foundSubnets),
    amiId: valueOf(foundAmi),
    driver: valueOf(foundDriver),
    owners: new Map(foundOwners.map((result, index) => [owned[index].key, valueOf(result)])),
  };
}

async function findNetwork({ vpcId, subnetIds }: Settings["network"]): Promise<Network> {
  if (vpcId !== undefined && subnetIds !== undefined) {
    return { vpcId, subnets: await findSubnets(vpcId, subnetIds), isDefault: false };
  }
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
  return { vpcId: vpc.id, subnets: await findSubnets(vpc.id, [...ids].sort()), isDefault: true };
}

/** @throws Error that names all that are not there */
async function findSubnets(vpcId: string, ids: readonly string[]): Promise<Subnet[]> {
  const found = await Promise.allSettled(ids.map((id) => ec2.getSubnet({ id, vpcId })));
  const errors = found.flatMap((result, index) =>
    result.status === "rejected"
      ? [`network.subnetIds: no subnet ${ids[index]} in ${vpcId} (${messageOf(result.reason)})`]
      : [],
  );
  if (errors.length > 0) throw new Error(errors.join("\n"));
  return found.map((result, index) => ({ id: ids[index], zone: valueOf(result).availabilityZone }));
}

/** Not every zone has every instance type, not even every zone of the default VPC. */
async function findHostSubnets(instanceType: string, network: Promise<Network>): Promise<Subnet[]> {
  const filters = [{ name: "instance-type", values: [instanceType] }];
  const { locations } = await ec2
    .getInstanceTypeOfferings({ filters, locationType: "availability-zone" })
    .catch((error: unknown) => {
      throw new LookUpError(instanceTypeTrouble(error, instanceType));
    });
  if (locations.length === 0) throw new Error(`host.instanceType: EC2 has no ${instanceType} in this region`);
  const { subnets } = await network;
  const found = subnets.filter(({ zone }) => locations.includes(zone));
  if (found.length > 0) return found;
  const zones = [...new Set(subnets.map(({ zone }) => zone))].join(", ");
  const others = [...locations].sort().join(", ");
  throw new Error(`host.instanceType: EC2 has no ${instanceType} in the subnets' zones, ${zones}; it is in ${others}`);
}

async function latestAmazonLinux(architecture: Settings["host"]["architecture"]): Promise<string> {
  const name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
  const parameter = await ssm.getParameter({ name }).catch((error: unknown) => {
    throw new LookUpError(imageTrouble(error, architecture));
  });
  return parameter.insecureValue;
}

async function findOwner(entry: Entry, gitlabUrl: string): Promise<number> {
  const { kind, path, id } = entry;
  try {
    if (kind === "group") {
      return (await gitlab.getGroup(path === undefined ? { groupId: id } : { fullPath: path })).groupId;
    }
    const query = path === undefined ? { id: String(id) } : { pathWithNamespace: path };
    return Number((await gitlab.getProject(query)).id);
  } catch (error) {
    throw new LookUpError(gitlabTrouble(entry, gitlabUrl, error));
  }
}

/** Entries that name one group or project twice, by its path and by its id. */
function sameOwner(owned: readonly Entry[], found: readonly PromiseSettledResult<number>[]): string[] {
  const first = new Map<string, Entry>();
  return owned.flatMap((entry, index) => {
    const result = found[index];
    if (result.status === "rejected") return [];
    const owner = `${entry.kind}/${result.value}`;
    const other = first.get(owner);
    first.set(owner, other ?? entry);
    return other === undefined ? [] : [`${entry.kind}s: ${told(other)} and ${told(entry)} are one ${entry.kind}`];
  });
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
