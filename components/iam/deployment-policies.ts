/**
 * The IAM policies of whoever previews and of whoever deploys a stack, as pure functions of where it is. They name
 * resources as the program does, and nothing else may be read, made, changed or deleted.
 */
import { dashboardName, taskFamily } from "../names";
import { instanceStatements } from "./deployment-ec2";
import type { Statement } from "./documents";
import { lookUpRights, resourceRights } from "./deployment-rights";
import type { Actions, Scope } from "./rights";

export interface StackPlace {
  /** @default aws */
  readonly partition?: string;
  /** @default any region */
  readonly region?: string;
  /** Twelve digits. @default any account, which can only be the one that the policy is in */
  readonly account?: string;
  /** @default any stack */
  readonly stack?: string;
  /** ARN of the policy that bounds the stack's roles, as the setting `permissionsBoundary` has it. */
  readonly permissionsBoundary?: string;
  /** ARN of the key that encrypts what the stack keeps, as the setting `kmsKeyArn` has it. */
  readonly kmsKeyArn?: string;
  /** ARNs of the roles of its jobs, as the entries' `taskRole` has them. */
  readonly taskRoles?: readonly string[];
}

export interface PolicyDocument {
  Version: "2012-10-17";
  Statement: Statement[];
}

/** A managed policy has room for 6144 characters, so that a deployment's rights are two. */
export interface DeploymentPolicies {
  /** Looks at everything and changes nothing: `pulumi preview`, with and without a refresh. */
  readonly preview: PolicyDocument;
  /** `pulumi up` and `pulumi destroy` need it besides: cluster, image, cache, logs, alarms. */
  readonly deploy: PolicyDocument;
  /** They need this too: hosts, addresses, security groups, roles. */
  readonly deployHosts: PolicyDocument;
}

/** The name that index.ts gives the whole system; names of resources begin with it. */
const prefix = "gitlab-runners";

export function deploymentPolicies(place: StackPlace): DeploymentPolicies {
  const arns = arnsOf(place);
  const rights = Object.values(resourceRights);
  const look = collect([...Object.values(lookUpRights), ...rights.map(({ read }) => read)]);
  if (arns["task-role"].length === 0) delete look["task-role"];
  const change = collect(rights.map(({ write }) => write));
  const { stack = "*", permissionsBoundary } = place;
  const { role = [], "ec2-tagged": tagged = [], "instance-profile": profile = [], ...services } = change;
  delete services["service-linked-role"];
  return {
    preview: policy(Object.entries(look).map(([scope, actions]) => allow("Look", scope as Scope, actions, arns))),
    deploy: policy([
      ...Object.entries(services).map(([scope, actions]) => allow("Change", scope as Scope, actions, arns)),
      ...(place.kmsKeyArn === undefined ? [] : [useKey(place.kmsKeyArn)]),
    ]),
    deployHosts: policy([
      allow("Change", "instance-profile", profile, arns),
      ...roles(role, arns, permissionsBoundary),
      ...instanceStatements(tagged, {
        arn: arns.ec2,
        imageArn: arns.image,
        keyPair: `key-pair/${prefix}-host-*`,
        stack,
      }),
    ]),
  };
}

type Arns = ReturnType<typeof arnsOf>;

function arnsOf({ partition = "aws", region = "*", account = "*", stack = "*", taskRoles = [] }: StackPlace) {
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const role = (name: string) => `arn:${partition}:iam::${account}:role/${name}`;
  const anyStack = stack === "*";
  const family = "gitlab-fargate-runners-";
  const bucket = `arn:${partition}:s3:::${prefix}-cache-*`;
  const byScope: Record<Exclude<Scope, "ec2-tagged" | "task-role">, string> = {
    any: "*",
    alarm: arn("cloudwatch", `alarm:${prefix}-*`),
    bucket,
    object: `${bucket}/*`,
    cluster: arn("ecs", `cluster/${prefix}-*`),
    dashboard: `arn:${partition}:cloudwatch::${account}:dashboard/${anyStack ? `${family}*` : dashboardName(stack)}`,
    "instance-profile": `arn:${partition}:iam::${account}:instance-profile/${prefix}-*`,
    "log-group": arn("logs", `log-group:${prefix}-*`),
    "public-parameter": `arn:${partition}:ssm:${region}::parameter/aws/service/ami-amazon-linux-latest/*`,
    quota: arn("servicequotas", "fargate/*"),
    repository: arn("ecr", `repository/${prefix}-job-*`),
    role: role(`${prefix}-*`),
    "service-linked-role": role("aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
    // With and without a revision, as a revision that is to be registered has no number yet.
    "task-definition": arn("ecs", `task-definition/${anyStack ? `${family}*` : taskFamily(stack, "*")}`),
    topic: arn("sns", `${prefix}-alarms-*`),
  };
  return {
    ...byScope,
    "task-role": [...taskRoles],
    ec2: (resource: string) => arn("ec2", resource),
    // Images of others are named without an account.
    image: `arn:${partition}:ec2:${region}::image/*`,
    roleNamed: role,
  };
}

/** All actions, each once, by scope and in order. */
function collect(all: readonly Actions[]): Partial<Record<Scope, string[]>> {
  const sets = new Map<string, Set<string>>();
  for (const actions of all) {
    for (const [scope, names] of Object.entries(actions)) {
      sets.set(scope, new Set([...(sets.get(scope) ?? []), ...names]));
    }
  }
  return Object.fromEntries([...sets].sort().map(([scope, names]) => [scope, [...names].sort()]));
}

const policy = (statements: Statement[]): PolicyDocument => ({ Version: "2012-10-17", Statement: statements });

function allow(verb: string, scope: Scope, actions: string[], arns: Arns): Statement {
  const sid = `${verb}-${scope}`.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { Sid: sid, Effect: "Allow", Action: actions, Resource: arns[scope as keyof Arns] as string | string[] };
}

/**
 * What EC2 and ECR do with the key by the rights of whoever makes an encrypted volume or repository, and deletes it.
 * The other services use it by its own policy, and ECR pulls and pushes by a grant that the repository gets here.
 * @see https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
 */
function useKey(keyArn: string): Statement {
  const [, , , region] = keyArn.split(":");
  const actions = ["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext"];
  return {
    Sid: "UseKey",
    Effect: "Allow",
    Action: [...actions, "ReEncryptFrom", "ReEncryptTo", "RetireGrant"].map((name) => `kms:${name}`),
    Resource: keyArn,
    // Services are named by their domain, which is another one in some partitions.
    Condition: { StringLike: { "kms:ViaService": ["ec2", "ecr"].map((service) => `${service}.${region}.*`) } },
  };
}

/**
 * Roles and their policies, and handing them to services. Whoever may write a role's policy and hand the role to a
 * machine has every right that the policy can give; a permissions boundary is what limits that.
 */
function roles(actions: string[], arns: Arns, boundary: string | undefined): Statement[] {
  const bounded = new Set([
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
  ]);
  const all: Statement = { Sid: "ChangeRole", Effect: "Allow", Action: actions, Resource: arns.role };
  const passed = (sid: string, service: string, names: string[]): Statement => ({
    Sid: sid,
    Effect: "Allow",
    Action: ["iam:PassRole"],
    Resource: names.map((name) => arns.roleNamed(name)),
    Condition: { StringEquals: { "iam:PassedToService": service } },
  });
  return [
    ...(boundary === undefined
      ? [all]
      : [
          { ...all, Action: actions.filter((action) => !bounded.has(action)) },
          {
            ...all,
            Sid: "ChangeBoundedRole",
            Action: actions.filter((action) => bounded.has(action)),
            Condition: { StringEquals: { "iam:PermissionsBoundary": boundary } },
          },
        ]),
    passed("HandRoleToHosts", "ec2.amazonaws.com", [`${prefix}-host-*`]),
    passed("HandRolesToTasks", "ecs-tasks.amazonaws.com", [`${prefix}-execution-*`, `${prefix}-task-*`]),
    {
      Sid: "ChangeServiceLinkedRole",
      Effect: "Allow",
      Action: ["iam:CreateServiceLinkedRole"],
      Resource: arns["service-linked-role"],
      Condition: { StringEquals: { "iam:AWSServiceName": "ecs.amazonaws.com" } },
    },
  ];
}
