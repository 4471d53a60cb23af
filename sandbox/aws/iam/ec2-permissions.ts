/**
 * What calls of EC2 need: each resource that they make, change or refer to, with the tags that it has and is given. A
 * call that is not here needs its action on all resources, as those do that only look.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
import { accountId, region } from "../../config";
import type { Context } from "./conditions";
import type { Permission } from "./evaluate";
import { keyUse } from "./permissions";

type Form = Record<string, unknown>;
export type Tags = Record<string, string>;

/** What is known of what a call names by its id. */
export interface Ec2Records {
  tags(resourceId: string): Promise<Tags>;
  keyPair(name: string): Promise<Tags>;
  /** The ARN of the role in an instance profile. */
  roleOf(instanceProfile: string): Promise<string>;
}

/** An id of the form that is followed by the type of what it names. */
export const references: Record<string, [parameter: string, type: string][]> = {
  TerminateInstances: [["InstanceId", "instance"]],
  StopInstances: [["InstanceId", "instance"]],
  StartInstances: [["InstanceId", "instance"]],
  ModifyInstanceAttribute: [["InstanceId", "instance"]],
  ModifyInstanceMetadataOptions: [["InstanceId", "instance"]],
  AssociateIamInstanceProfile: [["InstanceId", "instance"]],
  RunInstances: [
    ["SubnetId", "subnet"],
    ["SecurityGroupId", "security-group"],
    ["NetworkInterface.1.SubnetId", "subnet"],
    ["NetworkInterface.1.SecurityGroupId", "security-group"],
  ],
  CreateSecurityGroup: [["VpcId", "vpc"]],
  DeleteSecurityGroup: [["GroupId", "security-group"]],
  AuthorizeSecurityGroupIngress: [["GroupId", "security-group"]],
  AuthorizeSecurityGroupEgress: [["GroupId", "security-group"]],
  RevokeSecurityGroupIngress: [["GroupId", "security-group"]],
  RevokeSecurityGroupEgress: [["GroupId", "security-group"]],
  ModifySecurityGroupRules: [
    ["GroupId", "security-group"],
    ["SecurityGroupRule.1.SecurityGroupRuleId", "security-group-rule"],
  ],
  AllocateAddress: [],
  AssociateAddress: [
    ["AllocationId", "elastic-ip"],
    ["InstanceId", "instance"],
    ["NetworkInterfaceId", "network-interface"],
  ],
  DisassociateAddress: [["AssociationId", "elastic-ip"]],
  ReleaseAddress: [["AllocationId", "elastic-ip"]],
  ImportKeyPair: [],
  DeleteKeyPair: [],
};

/** What a call makes, and so takes tags for. */
const made: Record<string, string[]> = {
  RunInstances: ["instance", "network-interface", "volume"],
  CreateSecurityGroup: ["security-group"],
  AuthorizeSecurityGroupIngress: ["security-group-rule"],
  AuthorizeSecurityGroupEgress: ["security-group-rule"],
  AllocateAddress: ["elastic-ip"],
  ImportKeyPair: ["key-pair"],
};

/** Types by the beginnings of ids. */
const types: Record<string, string> = {
  i: "instance",
  sg: "security-group",
  sgr: "security-group-rule",
  vol: "volume",
  key: "key-pair",
  eipalloc: "elastic-ip",
};

const arn = (resource: string) => `arn:aws:ec2:${region}:${accountId}:${resource}`;
const carried = (tags: Tags): Context =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));

export async function ec2Permissions(name: string, form: Form, records: Ec2Records): Promise<Permission[]> {
  const action = `ec2:${name}`;
  if (name === "CreateTags" || name === "DeleteTags") return Promise.all(tagging(action, form, records));
  if (!(name in references)) return [{ action, resource: "*", context: {} }];
  const needs: Permission[] = [];
  for (const [parameter, type] of references[name]) {
    for (const id of valuesOf(form, parameter)) {
      needs.push({ action, resource: arn(`${type}/${id}`), context: carried(await records.tags(id)) });
    }
  }
  needs.push(...making(name, form));
  const keyName = text(form.KeyName);
  if (keyName !== undefined && name !== "ImportKeyPair") {
    needs.push({ action, resource: arn(`key-pair/${keyName}`), context: carried(await records.keyPair(keyName)) });
  }
  if (form.ImageId !== undefined) {
    needs.push({ action, resource: `arn:aws:ec2:${region}::image/${text(form.ImageId)}`, context: {} });
  }
  const key = text(form["BlockDeviceMapping.1.Ebs.KmsKeyId"]);
  if (key !== undefined) needs.push(...keyUse("ec2", key, volumeKey));
  const profile = text(form["IamInstanceProfile.Name"]);
  if (profile !== undefined) {
    const context = { "iam:PassedToService": "ec2.amazonaws.com" };
    needs.push({ action: "iam:PassRole", resource: await records.roleOf(profile), context });
  }
  return needs;
}

/** For a volume that is encrypted by a key of one's own: ebs/latest/userguide/ebs-encryption-requirements.html. */
const volumeKey = ["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom"];

/** To make something, and to tag it where the request has tags for it. */
function making(name: string, form: Form): Permission[] {
  return (made[name] ?? []).flatMap((type) => {
    const tags = specified(form, type);
    const context = requested(tags);
    const named = type === "key-pair" ? text(form.KeyName) : undefined;
    const resource = arn(`${type}/${named ?? "*"}`);
    const tag = { action: "ec2:CreateTags", resource, context: { ...context, "ec2:CreateAction": name } };
    return [{ action: `ec2:${name}`, resource, context }, ...(Object.keys(tags).length > 0 ? [tag] : [])];
  });
}

function tagging(action: string, form: Form, records: Ec2Records): Promise<Permission>[] {
  const context = action === "ec2:CreateTags" ? requested(pairs(form, "Tag")) : {};
  return valuesOf(form, "ResourceId").map(async (id) => ({
    action,
    resource: arn(`${types[id.split("-")[0]] ?? "unknown"}/${id}`),
    context: { ...context, ...carried(await records.tags(id)) },
  }));
}

const requested = (tags: Tags): Context => ({
  ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  ...(Object.keys(tags).length > 0 && { "aws:TagKeys": Object.keys(tags) }),
});

function specified(form: Form, type: string): Tags {
  for (let index = 1; form[`TagSpecification.${index}.ResourceType`] !== undefined; index++) {
    if (form[`TagSpecification.${index}.ResourceType`] === type) return pairs(form, `TagSpecification.${index}.Tag`);
  }
  return {};
}

/** PREFIX.1.Key and PREFIX.1.Value, and those that follow. */
function pairs(form: Form, prefix: string): Tags {
  const tags: Tags = {};
  for (let index = 1; form[`${prefix}.${index}.Key`] !== undefined; index++) {
    tags[String(form[`${prefix}.${index}.Key`])] = text(form[`${prefix}.${index}.Value`]) ?? "";
  }
  return tags;
}

/** A parameter alone, or its numbered list. */
function valuesOf(form: Form, name: string): string[] {
  const values = [form[name], ...Array.from({ length: 50 }, (_, index) => form[`${name}.${index + 1}`])];
  return values.filter((value): value is string => typeof value === "string");
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
