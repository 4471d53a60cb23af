/**
 * Look-ups: networks, parameters, registry credentials. Results carry no secret marks, not even
 * on passwords: the real provider's do not either.
 */
import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type Filter,
  type LocationType,
} from "@aws-sdk/client-ec2";
import { GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand } from "@aws-sdk/client-service-quotas";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import type { Invoke } from "../framework/definition";
import { describe } from "../framework/errors";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { fromTagList, tagsOf } from "./common";
import { GROUP_GONE as SECURITY_GROUP_GONE } from "./security-groups";

export function awsFunctions(clientsFor: ClientsFor): Record<string, Invoke> {
  return Object.fromEntries(
    Object.entries(lookUps(clientsFor)).map(([token, invoke]) => [token, inProvidersWords(token, invoke)]),
  );
}

/** The real provider tells an error over several lines. */
const inProvidersWords =
  (token: string, invoke: Invoke): Invoke =>
  (args, context) =>
    invoke(args, context).catch((cause: unknown) => {
      throw new Error(`invoking ${token}: 1 error occurred:\n\t* ${describe(cause)}\n\n`);
    });

function lookUps(clientsFor: ClientsFor): Record<string, Invoke> {
  return {
    "aws:ec2/getVpc:getVpc": async (args, context) => {
      const { ec2, region } = clientsFor(context, args);
      const Filters = filters(args, {
        isDefault: args.default === undefined ? undefined : String(args.default),
        cidr: args.cidrBlock,
        state: args.state,
      });
      const VpcIds = args.id === undefined ? undefined : [args.id as string];
      const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ VpcIds, Filters }));
      const { VpcId = "", CidrBlock = "", IsDefault = false, OwnerId = "", State = "", Tags } = theOne("VPC", Vpcs);
      return {
        id: VpcId,
        arn: `arn:aws:ec2:${region}:${OwnerId}:vpc/${VpcId}`,
        cidrBlock: CidrBlock,
        default: IsDefault,
        ownerId: OwnerId,
        region,
        state: State,
        tags: fromTagList(Tags),
      };
    },

    "aws:ec2/getSubnets:getSubnets": async (args, context) => {
      const { ec2, region } = clientsFor(context, args);
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: filters(args, {}) }));
      return { id: region, region, ids: Subnets.map(({ SubnetId = "" }) => SubnetId), tags: tagsOf(args) };
    },

    "aws:ec2/getSubnet:getSubnet": async (args, context) => {
      const { ec2, region } = clientsFor(context, args);
      const SubnetIds = args.id === undefined ? undefined : [args.id as string];
      const Filters = filters(args, { "vpc-id": args.vpcId, "availability-zone": args.availabilityZone });
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds, Filters }));
      const subnet = theOne("Subnet", Subnets);
      return {
        id: subnet.SubnetId ?? "",
        arn: subnet.SubnetArn ?? "",
        availabilityZone: subnet.AvailabilityZone ?? "",
        cidrBlock: subnet.CidrBlock ?? "",
        defaultForAz: subnet.DefaultForAz ?? false,
        mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch ?? false,
        region,
        state: subnet.State ?? "",
        tags: fromTagList(subnet.Tags),
        vpcId: subnet.VpcId ?? "",
      };
    },

    "aws:ec2/getSecurityGroup:getSecurityGroup": async (args, context) => {
      const { ec2, region } = clientsFor(context, args);
      const GroupIds = args.id === undefined ? undefined : [args.id as string];
      const Filters = filters(args, { "group-name": args.name, "vpc-id": args.vpcId });
      const found = await unlessGone(
        ec2.send(new DescribeSecurityGroupsCommand({ GroupIds, Filters })),
        ...SECURITY_GROUP_GONE,
      );
      const group = theOne("Security Group", found?.SecurityGroups ?? []);
      return {
        id: group.GroupId ?? "",
        arn: group.SecurityGroupArn ?? `arn:aws:ec2:${region}:${group.OwnerId}:security-group/${group.GroupId}`,
        name: group.GroupName ?? "",
        description: group.Description ?? "",
        region,
        tags: fromTagList(group.Tags),
        vpcId: group.VpcId ?? "",
      };
    },

    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": async (args, context) => {
      const { ec2, region } = clientsFor(context, args);
      const LocationType = (args.locationType ?? "region") as LocationType;
      const query = new DescribeInstanceTypeOfferingsCommand({ LocationType, Filters: filters(args, {}) });
      const { InstanceTypeOfferings = [] } = await ec2.send(query);
      return {
        id: region,
        region,
        instanceTypes: InstanceTypeOfferings.map(({ InstanceType = "" }) => InstanceType),
        locationTypes: InstanceTypeOfferings.map(({ LocationType: type = "" }) => type),
        locations: InstanceTypeOfferings.map(({ Location = "" }) => Location),
      };
    },

    "aws:iam/getRole:getRole": async (args, context) => {
      const RoleName = args.name as string;
      const { Role } = await clientsFor(context)
        .iam.send(new GetRoleCommand({ RoleName }))
        .catch((cause: Error) => {
          throw new Error(`reading IAM Role (${RoleName})`, { cause });
        });
      const { Arn = "", Path = "", RoleId = "", Description = "", AssumeRolePolicyDocument, Tags } = Role ?? {};
      return {
        ...{ id: RoleName, name: RoleName, arn: Arn, path: Path, uniqueId: RoleId, description: Description },
        assumeRolePolicy: decodeURIComponent(AssumeRolePolicyDocument ?? ""),
        tags: fromTagList(Tags),
      };
    },

    // The default first, as a quota that nobody has changed has no other.
    "aws:servicequotas/getServiceQuota:getServiceQuota": async (args, context) => {
      const { quotas, region } = clientsFor(context, args);
      const names = { ServiceCode: args.serviceCode as string, QuotaCode: args.quotaCode as string };
      const { Quota: standard } = await quotas.send(new GetAWSDefaultServiceQuotaCommand(names));
      const own = await unlessGone(quotas.send(new GetServiceQuotaCommand(names)), "NoSuchResourceException");
      const { QuotaArn = "", QuotaName = "", Value: defaultValue = 0 } = standard ?? {};
      return {
        id: QuotaArn,
        arn: QuotaArn,
        region,
        quotaCode: names.QuotaCode,
        quotaName: QuotaName,
        serviceCode: names.ServiceCode,
        defaultValue,
        value: own?.Quota?.Value ?? defaultValue,
      };
    },

    "aws:ssm/getParameter:getParameter": async (args, context) => {
      const { ssm, region } = clientsFor(context, args);
      const Name = args.name as string;
      const query = new GetParameterCommand({ Name, WithDecryption: args.withDecryption !== false });
      const { Parameter } = await ssm.send(query).catch((cause: Error) => {
        throw new Error(`reading SSM Parameter (${Name})`, { cause });
      });
      const { ARN = "", Type = "String", Value = "", Version = 0 } = Parameter ?? {};
      const insecureValue = Type === "SecureString" ? "" : Value;
      return {
        id: Name,
        name: Name,
        arn: ARN,
        region,
        type: Type,
        version: Version,
        insecureValue,
        value: Value,
      };
    },

    "aws:ecr/getAuthorizationToken:getAuthorizationToken": async (args, context) => {
      const { ecr, region } = clientsFor(context, args);
      const registryIds = args.registryId === undefined ? undefined : [args.registryId as string];
      const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({ registryIds }));
      const { authorizationToken = "", expiresAt, proxyEndpoint = "" } = authorizationData?.[0] ?? {};
      const [userName, ...password] = Buffer.from(authorizationToken, "base64").toString().split(":");
      return {
        id: region,
        region,
        authorizationToken: authorizationToken,
        expiresAt: expiresAt?.toISOString() ?? "",
        password: password.join(":"),
        proxyEndpoint,
        userName,
      };
    },
  };
}

/** The only one that was found, in the provider's words where it is not. */
function theOne<Found>(what: string, found: Found[]): Found {
  if (found.length === 1) return found[0];
  throw new Error(
    found.length === 0
      ? `no matching EC2 ${what} found`
      : `multiple EC2 ${what}s matched; use additional constraints to reduce matches to a single EC2 ${what}`,
  );
}

/** The look-up's own `filters`, its `tags`, and those that it has names for. */
function filters(args: Props, named: Record<string, Props[string] | undefined>): Filter[] | undefined {
  const own = (args.filters ?? []) as unknown as { name: string; values: string[] }[];
  const all = [
    ...own.map(({ name, values }) => ({ Name: name, Values: values })),
    ...Object.entries(tagsOf(args)).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] })),
    ...Object.entries(named).flatMap(([Name, value]) =>
      value === undefined ? [] : [{ Name, Values: [String(value)] }],
    ),
  ];
  return all.length > 0 ? all : undefined;
}
