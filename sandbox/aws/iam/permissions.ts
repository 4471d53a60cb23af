/** What calls of all other services need: the action, and its resource where the sandbox's stack names one. */
import { accountId, region } from "../../config";
import type { Permission } from "./evaluate";

/** Services whose actions are prefixed otherwise than their signatures say. */
const prefixes: Record<string, string> = { monitoring: "cloudwatch" };

/** @param body the request's parameters as an object */
export function permissionsOf(service: string, operation: string, body: Record<string, unknown>): Permission[] {
  const action = `${prefixes[service] ?? service}:${operation}`;
  // Needs no permission (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
  if (action === "sts:GetCallerIdentity") return [];
  const resource = resourceOf(action, body);
  return [{ action, resource, context: contextOf(action, body) }, ...besides(action, resource, body)];
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
const inRegion = (service: string, resource: string) => `arn:aws:${service}:${region}:${accountId}:${resource}`;

/** By service: the resource that a call names, if it does. */
const named: Record<string, (body: Record<string, unknown>) => string | undefined> = {
  logs: ({ logGroupName, logStreamName, resourceArn }) =>
    logGroupName === undefined ? one(resourceArn) : logArn(text(logGroupName), text(logStreamName)),
  ecr: ({ repositoryName, repositoryNames, resourceArn }) => {
    const name = one(repositoryName) ?? one(repositoryNames);
    return name === undefined ? one(resourceArn) : inRegion("ecr", `repository/${name}`);
  },
  iam: ({ RoleName, InstanceProfileName }) => {
    if (InstanceProfileName !== undefined) return ofAccount(`instance-profile/${text(InstanceProfileName)}`);
    return RoleName === undefined ? undefined : ofAccount(`role/${pathOf(text(RoleName))}${text(RoleName)}`);
  },
  sns: ({ Name, TopicArn, SubscriptionArn, ResourceArn }) =>
    Name === undefined ? one(TopicArn ?? SubscriptionArn ?? ResourceArn) : inRegion("sns", text(Name)),
  cloudwatch: ({ AlarmName, AlarmNames, DashboardName, DashboardNames, ResourceARN }) => {
    const dashboard = one(DashboardName) ?? one(DashboardNames);
    if (dashboard !== undefined) return `arn:aws:cloudwatch::${accountId}:dashboard/${dashboard}`;
    const alarm = one(AlarmName) ?? one(AlarmNames);
    return alarm === undefined ? one(ResourceARN) : inRegion("cloudwatch", `alarm:${alarm}`);
  },
  sts: ({ RoleArn }) => one(RoleArn),
  // Parameters of AWS's own belong to no account.
  ssm: ({ Name }) =>
    text(Name).startsWith("/aws/service/") ? `arn:aws:ssm:${region}::parameter${text(Name)}` : undefined,
  servicequotas: ({ ServiceCode, QuotaCode }) =>
    QuotaCode === undefined ? undefined : inRegion("servicequotas", `${text(ServiceCode)}/${text(QuotaCode)}`),
};

/** Calls of these services that know no resource, whatever they name. */
const unnamed = [
  ...["logs:DescribeLogGroups", "servicequotas:GetAWSDefaultServiceQuota"],
  ...["ecr:GetAuthorizationToken", "ecr:DescribePullThroughCacheRules"],
];

function resourceOf(action: string, body: Record<string, unknown>): string {
  const [service] = action.split(":");
  return unnamed.includes(action) ? "*" : (named[service]?.(body) ?? "*");
}

/** The only one of a list, or the text itself. A list of several is not taken for one of them. */
function one(value: unknown): string | undefined {
  const list = [value].flat();
  return list.length === 1 && typeof list[0] === "string" ? list[0] : undefined;
}

const ofAccount = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;
const pathOf = (role: string) => (role === "AWSServiceRoleForECS" ? "aws-service-role/ecs.amazonaws.com/" : "");

/** Actions that a call needs besides its own: to tag what it makes, to hand on a role. */
function besides(action: string, resource: string, body: Record<string, unknown>): Permission[] {
  const withTags = body.tags ?? body.Tags ?? body["Tags.member.1.Key"];
  const tag = tagActions[action];
  if (action === "iam:AddRoleToInstanceProfile") {
    const context = { "iam:PassedToService": "ec2.amazonaws.com" };
    return [{ action: "iam:PassRole", resource: ofAccount(`role/${text(body.RoleName)}`), context }];
  }
  return [
    ...(tag !== undefined && withTags !== undefined ? [{ action: tag, resource, context: {} }] : []),
    ...(action === "ecr:CreateRepository" ? repositoryKey(body) : []),
  ];
}

/** ECR looks at the key and makes a grant for the repository: AmazonECR/latest/userguide/encryption-at-rest.html. */
function repositoryKey({ encryptionConfiguration }: Record<string, unknown>): Permission[] {
  const { kmsKey } = (encryptionConfiguration ?? {}) as { kmsKey?: unknown };
  return kmsKey === undefined ? [] : keyUse("ecr", text(kmsKey), ["CreateGrant", "DescribeKey"]);
}

/** What a service asks KMS for in the name of its caller. */
export function keyUse(service: string, key: string, actions: readonly string[]): Permission[] {
  const context = { "kms:ViaService": `${service}.${region}.amazonaws.com` };
  const ofGrant = { ...context, "kms:GrantIsForAWSResource": "true" };
  return actions.map((name) => ({
    action: `kms:${name}`,
    resource: key,
    context: name === "CreateGrant" ? ofGrant : context,
  }));
}

const tagActions: Record<string, string> = {
  "iam:CreateRole": "iam:TagRole",
  "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
  "logs:CreateLogGroup": "logs:TagResource",
  "ecr:CreateRepository": "ecr:TagResource",
  "sns:CreateTopic": "sns:TagResource",
  "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
};

function contextOf(action: string, body: Record<string, unknown>): Record<string, string> {
  switch (action) {
    case "cloudwatch:PutMetricData":
      return { "cloudwatch:namespace": text(body.Namespace) };
    case "iam:CreateRole":
    case "iam:PutRolePermissionsBoundary":
      return body.PermissionsBoundary === undefined
        ? {}
        : { "iam:PermissionsBoundary": text(body.PermissionsBoundary) };
    case "iam:CreateServiceLinkedRole":
      return { "iam:AWSServiceName": text(body.AWSServiceName) };
    default:
      return {};
  }
}

/** A log stream's ARN, also where the stream does not exist yet. */
export const logArn = (group: string, stream: string): string =>
  `arn:aws:logs:${region}:${accountId}:log-group:${group}:log-stream:${stream}`;
