/**
 * Security groups, applied in the network namespace of each task and host: what no rule of its groups lets in or out is
 * dropped without a word, as on AWS. Answers to what was let through pass, and connections that are there stay.
 * https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
 *
 * The rules are in the table "mangle", which the packets meet before the faults of world/network-faults.ts.
 * Limits: IPv4 only; a rule that names a prefix list lets nothing through.
 */
import {
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  type SecurityGroup,
} from "@aws-sdk/client-ec2";
import { run } from "../../command";
import { serviceAddresses, type NetworkNamespace } from "../../world/network";

/** Packets of a namespace, by the groups that it is a member of. */
interface Member {
  namespace: Pick<NetworkNamespace, "path">;
  address: string;
  /** Ids; none: the default group. */
  groups(): Promise<string[]>;
  /** What that said last. */
  known?: Promise<string[]>;
  /** Its rules, as they were last handed to the kernel. */
  applied?: string;
  /** One set of rules follows the other. */
  work: Promise<void>;
}

/** Calls that change groups, their rules or who is a member. */
const changing = /^(?!Describe)\w*SecurityGroup|^Modify(Instance|NetworkInterface)Attribute$/;

export class Firewall {
  private readonly members = new Set<Member>();
  private known: Promise<SecurityGroup[]> | undefined;

  constructor(private readonly ec2: Pick<EC2Client, "send">) {}

  /** Applies a member's groups from now on. Settles when they are, and returns what ends it. */
  async join(namespace: Member["namespace"], address: string, groups: Member["groups"]): Promise<() => void> {
    const member: Member = { namespace, address, groups, work: Promise.resolve() };
    this.members.add(member);
    await this.apply();
    return () => {
      this.members.delete(member);
      void this.apply().catch(() => {}); // a namespace that goes takes its rules along
    };
  }

  concerns(action: string): boolean {
    return changing.test(action);
  }

  /** Settles when all namespaces have the rules as they are now. */
  async changed(): Promise<void> {
    this.known = undefined;
    for (const member of this.members) member.known = undefined;
    await this.apply();
  }

  private async apply(): Promise<void> {
    this.known ??= this.ec2
      .send(new DescribeSecurityGroupsCommand({}))
      .then(({ SecurityGroups = [] }) => SecurityGroups);
    const all = await this.known;
    const everybody = await Promise.all(
      [...this.members].map(async (member) => ({
        member,
        of: groupsOf(all, await (member.known ??= member.groups())),
      })),
    );
    const addressesIn = (groupId: string) =>
      everybody.filter(({ of }) => of.some(({ GroupId }) => GroupId === groupId)).map(({ member }) => member.address);
    await Promise.all(
      everybody.map(({ member, of }) => {
        const rules = packetRules(of, addressesIn);
        if (member.applied === rules) return member.work;
        member.applied = rules;
        const hand = () =>
          run("nsenter", [`--net=${member.namespace.path}`, "iptables-restore", "-w"], { input: rules });
        const earlier = member.work.catch(() => {});
        member.work = earlier.then(hand).then(
          () => {},
          (error: Error) => {
            member.applied = undefined;
            // One that has left by now may have no namespace any more.
            if (this.members.has(member)) throw error;
          },
        );
        return member.work;
      }),
    );
  }
}

/** The sandbox's tasks and hosts are in the default VPC. */
const groupsOf = (all: SecurityGroup[], ids: string[]): SecurityGroup[] =>
  ids.length > 0
    ? all.filter(({ GroupId }) => ids.includes(GroupId!))
    : all.filter(({ GroupName }) => GroupName === "default").slice(0, 1);

/** As iptables-restore reads it. */
export function packetRules(groups: SecurityGroup[], addressesIn: (groupId: string) => string[]): string {
  const accept = (chain: string, side: "-s" | "-d", permissions: IpPermission[]) =>
    permissions.flatMap((permission) =>
      peers(permission, addressesIn).map((peer) => `-A ${chain} ${side} ${peer}${traffic(permission)} -j ACCEPT`),
    );
  const established = "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT";
  return [
    "*mangle",
    "-A INPUT ! -i eth0 -j ACCEPT",
    `-A INPUT ${established}`,
    ...accept(
      "INPUT",
      "-s",
      groups.flatMap(({ IpPermissions = [] }) => IpPermissions),
    ),
    "-A INPUT -j DROP",
    "-A OUTPUT ! -o eth0 -j ACCEPT",
    `-A OUTPUT ${established}`,
    // Groups do not filter the way to AWS's own addresses beside the network.
    ...serviceAddresses.map((address) => `-A OUTPUT -d ${address} -j ACCEPT`),
    ...accept(
      "OUTPUT",
      "-d",
      groups.flatMap(({ IpPermissionsEgress = [] }) => IpPermissionsEgress),
    ),
    "-A OUTPUT -j DROP",
    "COMMIT",
    "",
  ].join("\n");
}

const peers = ({ IpRanges = [], UserIdGroupPairs = [] }: IpPermission, addressesIn: (groupId: string) => string[]) => [
  ...IpRanges.map(({ CidrIp }) => CidrIp!),
  ...UserIdGroupPairs.flatMap(({ GroupId }) => addressesIn(GroupId!)),
];

/** "-1" is all protocols and ports; of ICMP the ports are type and code, of which -1 is any. */
function traffic({ IpProtocol = "-1", FromPort = -1, ToPort = -1 }: IpPermission): string {
  if (IpProtocol === "-1") return "";
  if (["tcp", "udp", "6", "17"].includes(IpProtocol)) return ` -p ${IpProtocol} --dport ${FromPort}:${ToPort}`;
  if (IpProtocol !== "icmp" || FromPort === -1) return ` -p ${IpProtocol}`;
  return ` -p icmp --icmp-type ${FromPort}${ToPort === -1 ? "" : `/${ToPort}`}`;
}
