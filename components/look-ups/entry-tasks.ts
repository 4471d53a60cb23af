/**
 * What entries name in AWS for their own tasks is there, and may be theirs: subnets and security groups of the stack's
 * VPC, roles of the account that ECS may take and that are not the stack's own.
 */
import * as ec2 from "@pulumi/aws/ec2";
import * as iam from "@pulumi/aws/iam";
import { stackTag } from "../names";
import type { Entry } from "../settings/entries";
import { messageOf } from "./errors";
import { trustsTasks } from "./trust";

/** Why one thing will not do; undefined where it will. */
type Verdict = string | undefined;

/**
 * Each error with the setting's path. Never rejects.
 *
 * @param vpc without one, which is told elsewhere, nothing of a network is looked for
 */
export async function entryTaskErrors(entries: readonly Entry[], vpc: Promise<string>): Promise<string[]> {
  const vpcId = await vpc.catch(() => undefined);
  const [ofRole, ofSubnet, ofGroup] = [
    once(roleVerdict),
    once((id) => subnetVerdict(id, vpcId)),
    once((id) => groupVerdict(id, vpcId)),
  ];
  const questions = entries.flatMap((entry) => {
    const { place, taskRole, network: { subnetIds = [], securityGroupIds = [] } = {} } = entry;
    return [
      ...(taskRole === undefined ? [] : [ask(`${place}.taskRole`, ofRole(taskRole))]),
      ...subnetIds.map((id, index) => ask(`${place}.network.subnetIds[${index}]`, ofSubnet(id))),
      ...securityGroupIds.map((id, index) => ask(`${place}.network.securityGroupIds[${index}]`, ofGroup(id))),
    ];
  });
  return (await Promise.all(questions)).flatMap((error) => error ?? []);
}

async function ask(path: string, verdict: Promise<Verdict>): Promise<Verdict> {
  const why = await verdict;
  return why === undefined ? undefined : `${path}: ${why}`;
}

/** Asks once, however many entries name the same. */
function once(look: (name: string) => Promise<Verdict>): (name: string) => Promise<Verdict> {
  const asked = new Map<string, Promise<Verdict>>();
  return (name) => asked.get(name) ?? asked.set(name, look(name)).get(name)!;
}

async function subnetVerdict(id: string, vpcId: string | undefined): Promise<Verdict> {
  if (vpcId === undefined) return undefined;
  return ec2.getSubnet({ id, vpcId }).then(
    () => undefined,
    (error: unknown) => `no subnet ${id} in ${vpcId} (${messageOf(error)})`,
  );
}

async function groupVerdict(id: string, vpcId: string | undefined): Promise<Verdict> {
  if (vpcId === undefined) return undefined;
  return ec2.getSecurityGroup({ id, vpcId }).then(
    // Whoever is in the hosts' group reaches all jobs.
    ({ tags }) => stacksOwn(`${id} is a security group`, tags),
    (error: unknown) => `no security group ${id} in ${vpcId} (${messageOf(error)})`,
  );
}

async function roleVerdict(arn: string): Promise<Verdict> {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  try {
    const role = await iam.getRole({ name });
    if (role.arn !== arn)
      return `this account's role ${name} is ${role.arn}, and tasks get roles of their account only`;
    const own = stacksOwn(`${name} is a role`, role.tags);
    if (own !== undefined || trustsTasks(role.assumeRolePolicy)) return own;
    return `${name} is no role for tasks: its trust policy lets ecs-tasks.amazonaws.com not assume it`;
  } catch (error) {
    const said = messageOf(error);
    if (/NoSuchEntity|couldn't find resource/.test(said)) return `this account has no role ${name} (${said})`;
    return `AWS does not tell of the role ${name}; the deployment needs iam:GetRole on it: npm run policies (${said})`;
  }
}

/** What this program makes carries the tag: hosts may do more than any job should. */
const stacksOwn = (what: string, tags: Record<string, string> = {}): Verdict =>
  tags[stackTag] === undefined ? undefined : `${what} of the stack ${tags[stackTag]} itself, not one for jobs`;
