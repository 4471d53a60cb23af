/** EC2 security groups, and their rules as resources of their own. */
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  ModifySecurityGroupRulesCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type IpPermission,
} from "@aws-sdk/client-ec2";
import type { Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, fromTagList } from "./common";
import { tagEc2, tagSpecification } from "./ec2-tags";
import { ruleFailures } from "./refusals";

export const GROUP_GONE = ["InvalidGroup.NotFound", "InvalidGroupId.NotFound"];
const RULE_GONE = ["InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", ...GROUP_GONE];

export function securityGroupResources(clientsFor: ClientsFor): Record<string, Resource> {
  return {
    "aws:ec2/securityGroup:SecurityGroup": securityGroup(clientsFor),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": rule(clientsFor, "ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": rule(clientsFor, "egress"),
  };
}

function securityGroup(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "name", maxLength: 255, prefixProperty: "namePrefix" },
      replaceOn: ["name", "namePrefix", "description", "vpcId", "region"],
      check(inputs) {
        const inline = ["ingress", "egress"].filter((name) => inputs[name] !== undefined);
        return {
          inputs: { ...inputs, description: inputs.description ?? "Managed by Pulumi" },
          failures: inline.map((property) => ({
            property,
            reason: "the stand-in takes rules only as SecurityGroupIngressRule and SecurityGroupEgressRule",
          })),
        };
      },
      async create(inputs, context) {
        const { ec2 } = clientsFor(context, inputs);
        const { GroupId = "" } = await ec2.send(
          new CreateSecurityGroupCommand({
            GroupName: inputs.name as string,
            Description: inputs.description as string,
            VpcId: inputs.vpcId as string | undefined,
            TagSpecifications: tagSpecification("security-group", inputs),
          }),
        );
        const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }));
        const group = SecurityGroups?.[0];
        // AWS lets a new group out to anywhere; the real provider takes that away, so that the program's rules are all.
        if (group?.IpPermissionsEgress?.length) {
          await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: group.IpPermissionsEgress }));
        }
        const { OwnerId = "", VpcId = "" } = group ?? {};
        const arn = `arn:aws:ec2:${clientsFor(context, inputs).region}:${OwnerId}:security-group/${GroupId}`;
        return { id: GroupId, outputs: { ...inputs, arn, ownerId: OwnerId, vpcId: VpcId } };
      },
      async read(id, state, context) {
        const query = new DescribeSecurityGroupsCommand({ GroupIds: [id] });
        const found = await unlessGone(clientsFor(context, state).ec2.send(query), ...GROUP_GONE);
        const group = found?.SecurityGroups?.[0];
        return group && { ...state, description: group.Description ?? "", tags: fromTagList(group.Tags) };
      },
      async update(id, state, inputs, context) {
        await tagEc2(clientsFor(context, inputs).ec2, id, state, inputs);
        const { arn, ownerId, vpcId } = state;
        return { ...inputs, arn, ownerId, vpcId };
      },
      async delete(id, state, context) {
        const query = new DeleteSecurityGroupCommand({ GroupId: id });
        await unlessGone(clientsFor(context, state).ec2.send(query), ...GROUP_GONE);
      },
    },
  );
}

function rule(clientsFor: ClientsFor, direction: "ingress" | "egress"): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      replaceOn: ["securityGroupId", "region"],
      check: (inputs) => ({ inputs, failures: ruleFailures(inputs) }),
      async create(inputs, context) {
        const { ec2, region } = clientsFor(context, inputs);
        const GroupId = inputs.securityGroupId as string;
        const request = {
          GroupId,
          IpPermissions: [permission(inputs)],
          TagSpecifications: tagSpecification("security-group-rule", inputs),
        };
        const { SecurityGroupRules } = await (direction === "ingress"
          ? ec2.send(new AuthorizeSecurityGroupIngressCommand(request))
          : ec2.send(new AuthorizeSecurityGroupEgressCommand(request)));
        const created = SecurityGroupRules?.[0];
        const id = created?.SecurityGroupRuleId ?? "";
        const arn = `arn:aws:ec2:${region}:${created?.GroupOwnerId ?? ""}:security-group-rule/${id}`;
        return { id, outputs: { ...inputs, arn, securityGroupRuleId: id } };
      },
      async read(id, state, context) {
        const query = new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] });
        const found = await unlessGone(clientsFor(context, state).ec2.send(query), ...RULE_GONE);
        return found?.SecurityGroupRules?.length ? state : undefined;
      },
      async update(id, state, inputs, context) {
        const { ec2 } = clientsFor(context, inputs);
        const tagsOnly = JSON.stringify(permission(state)) === JSON.stringify(permission(inputs));
        if (!tagsOnly) {
          await ec2.send(
            new ModifySecurityGroupRulesCommand({
              GroupId: inputs.securityGroupId as string,
              SecurityGroupRules: [{ SecurityGroupRuleId: id, SecurityGroupRule: ruleRequest(inputs) }],
            }),
          );
        }
        await tagEc2(ec2, id, state, inputs);
        return { ...inputs, arn: state.arn, securityGroupRuleId: id };
      },
      async delete(id, state, context) {
        const { ec2 } = clientsFor(context, state);
        const request = { GroupId: state.securityGroupId as string, SecurityGroupRuleIds: [id] };
        const revoked =
          direction === "ingress"
            ? ec2.send(new RevokeSecurityGroupIngressCommand(request))
            : ec2.send(new RevokeSecurityGroupEgressCommand(request));
        await unlessGone<unknown>(revoked, ...RULE_GONE);
      },
    },
  );
}

function ruleRequest(inputs: Props) {
  return {
    IpProtocol: String(inputs.ipProtocol),
    FromPort: inputs.fromPort as number | undefined,
    ToPort: inputs.toPort as number | undefined,
    CidrIpv4: inputs.cidrIpv4 as string | undefined,
    CidrIpv6: inputs.cidrIpv6 as string | undefined,
    PrefixListId: inputs.prefixListId as string | undefined,
    ReferencedGroupId: inputs.referencedSecurityGroupId as string | undefined,
    Description: inputs.description as string | undefined,
  };
}

function permission(inputs: Props): IpPermission {
  const { IpProtocol, FromPort, ToPort, Description, ...source } = ruleRequest(inputs);
  return {
    IpProtocol,
    FromPort,
    ToPort,
    ...(source.CidrIpv4 && { IpRanges: [{ CidrIp: source.CidrIpv4, Description }] }),
    ...(source.CidrIpv6 && { Ipv6Ranges: [{ CidrIpv6: source.CidrIpv6, Description }] }),
    ...(source.PrefixListId && { PrefixListIds: [{ PrefixListId: source.PrefixListId, Description }] }),
    ...(source.ReferencedGroupId && { UserIdGroupPairs: [{ GroupId: source.ReferencedGroupId, Description }] }),
  };
}
