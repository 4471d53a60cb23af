/** What AWS and GitLab would answer, as far as the program reads it. */
import { createHash } from "node:crypto";
import type { World } from "./deploy";

/** What each host tells of itself. */
export const hostKey = "ssh-ed25519 AAAAhost";

/** The host key that an instance was made with, whatever user data a later run comes with. */
export const firstKey = "ssh-ed25519 AAAAfirst";
const userData = `#cloud-config\nssh_keys:\n  ed25519_public: ${firstKey}\n`;

const account = "123456789012";
const region = "eu-central-1";

export const clusterArn = (name: string) => `arn:aws:ecs:${region}:${account}:cluster/${name}`;

/** The state of a new resource: its inputs and what the provider adds. */
export function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  return { ...inputs, ...computed(type, name, inputs) };
}

function computed(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  switch (type) {
    case "aws:ecs/cluster:Cluster":
      return { name: `${name}-1a2b3c4`, arn: clusterArn(`${name}-1a2b3c4`) };
    case "aws:ecs/taskDefinition:TaskDefinition":
      return { arn: `arn:aws:ecs:${region}:${account}:task-definition/${inputs.family}:7`, revision: 7 };
    case "aws:cloudwatch/logGroup:LogGroup":
      return { name: `${name}-1a2b3c4`, arn: `arn:aws:logs:${region}:${account}:log-group:${name}-1a2b3c4` };
    case "aws:sns/topic:Topic":
      return { name, arn: `arn:aws:sns:${region}:${account}:${name}` };
    case "aws:cloudwatch/metricAlarm:MetricAlarm":
      return { name, arn: `arn:aws:cloudwatch:${region}:${account}:alarm:${name}` };
    case "aws:iam/role:Role":
      return { name, arn: `arn:aws:iam::${account}:role/${name}` };
    case "aws:iam/instanceProfile:InstanceProfile":
    case "aws:ec2/keyPair:KeyPair":
      return { name, keyName: name };
    case "aws:s3/bucket:Bucket":
      return { bucket: `${name}-1a2b3c4`, arn: `arn:aws:s3:::${name}-1a2b3c4` };
    case "aws:ec2/instance:Instance":
      return { userData, privateIp: `172.31.0.${10 + hostIndex(name)}` };
    case "aws:ec2/eip:Eip":
      return { publicIp: `198.51.100.${10 + hostIndex(name)}`, allocationId: `${name}-allocation` };
    case "awsx:ecr:Repository":
      return { url: `${account}.dkr.ecr.${region}.amazonaws.com/${name}` };
    case "awsx:ecr:Image":
      return { imageUri: `${inputs.repositoryUrl}@sha256:${"e".repeat(64)}` };
    case "command:remote:Command":
      return { stdout: name.endsWith("-folders") ? hostKey : "" };
    case "gitlab:index/userRunner:UserRunner":
      return { token: tokenOf(name) };
    default:
      return {};
  }
}

/** Counted from 0. */
const hostIndex = (name: string) => Number(/-host-(\d+)$/.exec(name)?.[1] ?? 1) - 1;

/** The token that GitLab gives to a runner of that logical name. */
export const tokenOf = (name: string) => `glrt-${Buffer.from(name).toString("hex")}`;

/** subnet-a is in zone a of the region, and so is subnet-a2. */
const zoneOf = (subnet: string) => `${region}${/[a-z](?=\d*$)/.exec(subnet)?.[0] ?? "a"}`;

export function answers(token: string, inputs: Record<string, unknown>, world: World): Record<string, unknown> {
  const { missing = [] } = world;
  switch (token) {
    case "aws:ec2/getVpc:getVpc":
      if (world.noDefaultVpc) throw awsFailure(token, "no matching EC2 VPC found");
      return { id: "vpc-default" };
    case "aws:ec2/getSubnets:getSubnets":
      return { ids: ["subnet-b", "subnet-a"] };
    case "aws:ec2/getSubnet:getSubnet":
      if (missing.includes(String(inputs.id))) throw awsFailure(token, "no matching EC2 Subnet found");
      return { availabilityZone: zoneOf(String(inputs.id)) };
    case "aws:ec2/getSecurityGroup:getSecurityGroup":
      if (missing.includes(String(inputs.id))) throw awsFailure(token, "no matching EC2 Security Group found");
      return { id: inputs.id, tags: world.tags?.[String(inputs.id)] ?? {} };
    case "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings":
      if (world.noOfferings) throw awsFailure(token, "UnauthorizedOperation: not allowed");
      return { locations: world.zones ?? [..."abcdef"].map((letter) => `${region}${letter}`) };
    case "aws:ssm/getParameter:getParameter":
      return { insecureValue: `ami-of-${String(inputs.name).split("-").pop()}`, value: "hidden" };
    case "aws:iam/getRole:getRole":
      if (missing.includes(String(inputs.name))) {
        throw failure(`reading IAM Role (${inputs.name}): couldn't find resource`);
      }
      return roleOf(String(inputs.name), world);
    case "aws:servicequotas/getServiceQuota:getServiceQuota":
      if (world.vcpus === "denied")
        throw failure("1 error occurred:\n\t* AccessDeniedException: not authorized to perform\n\n");
      return { value: world.vcpus === undefined ? 4000 : world.vcpus[String(inputs.quotaCode)] };
    case "gitlab:index/getGroup:getGroup":
      return { groupId: inputs.groupId ?? find(String(inputs.fullPath), world) };
    case "gitlab:index/getProject:getProject":
      return { id: inputs.id ?? String(find(String(inputs.pathWithNamespace), world)) };
    default:
      throw new Error(`no answer for ${token}`);
  }
}

/** A role that ECS may take, unless the world says otherwise. */
function roleOf(name: string, { tags = {}, roles = {} }: World) {
  const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } };
  const { arn = `arn:aws:iam::${account}:role/${name}`, statement = trust, denied } = roles[name] ?? {};
  if (denied) throw failure(`reading IAM Role (${name}): AccessDenied: not authorized to perform: iam:GetRole`);
  return { name, arn, tags: tags[name] ?? {}, assumeRolePolicy: JSON.stringify({ Statement: [statement] }) };
}

/** GitLab's id of a group or project. */
export const ownerId = (path: string): number => createHash("sha256").update(path).digest().readUInt32BE();

function find(path: string, { missing = [] }: World): number {
  if (missing.includes(path)) throw failure("404 Group Not Found");
  return ownerId(path);
}

/** In the AWS provider's words, which take several lines. */
const awsFailure = (token: string, message: string) =>
  failure(`invoking ${token}: 1 error occurred:\n\t* ${message}\n\n`);

/** As gRPC hands it over. */
const failure = (details: string): Error => Object.assign(new Error(details), { details });
