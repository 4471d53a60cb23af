/** What a resource's change means to people: rules by resource type, as data. What no rule knows is shown as "other". */
import type { Change, Op } from "./changes";
import { hostRules } from "./meaning-rules-hosts";

/** In the order of the report. */
export const groups = [
  "Runners",
  "Image",
  "Task sizes",
  "Hosts",
  "Access",
  "Build cache",
  "Logs and alarms",
  "Other",
] as const;
export type Group = (typeof groups)[number];

export interface Rule {
  type: RegExp;
  /** Of the resource's logical name; its first group is the label. Left out: every name, which is the label. */
  name?: RegExp;
  /** Beyond type and name. */
  when?: (change: Change) => boolean;
  group: Group;
  /** What people call the resource; {label} is the name's part. */
  subject: string;
  /** For the line of outcome; "" is not worth a word there. {n} is a number, {one|many} a word by it, {labels} the resources' labels. */
  headline?: Partial<Record<Op, string>>;
  /** Operations that end or hold up running work on a host. */
  disturbs?: Op[];
}

export const rules: Rule[] = [
  {
    type: /^gitlab:index\/userRunner:UserRunner$/,
    name: /-(?:group|project|instance)\/(.+)$/,
    group: "Runners",
    subject: "runner for {label}",
    headline: {
      create: "adds {n} {runner|runners} for {labels}",
      update: "changes {n} {runner|runners} for {labels}",
      replace: "replaces {n} {runner|runners} for {labels}",
      delete: "removes {n} {runner|runners} for {labels}",
    },
  },
  {
    type: /^docker-build:index:Image$/,
    when: ({ retained }) => retained === true,
    group: "Image",
    subject: "job image, from the stack's state only",
    headline: { delete: "" },
  },
  {
    type: /^docker-build:index:Image$/,
    group: "Image",
    subject: "job image",
    headline: {
      create: "builds a new job image",
      update: "builds the job image anew",
      replace: "builds a new job image",
      delete: "",
    },
  },
  {
    type: /^aws:ecr\/repository:Repository$/,
    group: "Image",
    subject: "image repository {label}",
    headline: {
      create: "adds an image repository",
      replace: "replaces the image repository",
      delete: "deletes the image repository",
    },
  },
  { type: /^aws:ecr\//, group: "Image", subject: "{type} of the image repository {label}" },
  {
    type: /^aws:ecs\/taskDefinition:TaskDefinition$/,
    // The family that components/names.ts makes of stack and size; a stack's name may hold underscores, a size's does not.
    name: /^gitlab-fargate-runners-.+_([^_]+)$/,
    group: "Task sizes",
    subject: "task size {label}",
    headline: {
      create: "adds {n} task {size|sizes} ({labels})",
      update: "changes {n} task {size|sizes} ({labels})",
      replace: "changes {n} task {size|sizes} ({labels})",
      delete: "removes {n} task {size|sizes} ({labels})",
    },
  },
  {
    type: /^aws:ecs\/cluster:Cluster$/,
    group: "Task sizes",
    subject: "ECS cluster {label}",
    headline: { create: "adds an ECS cluster", replace: "replaces the ECS cluster", delete: "deletes the ECS cluster" },
  },
  { type: /^aws:ecs\//, group: "Task sizes", subject: "{type} {label}" },
  ...hostRules,
  {
    type: /^aws:vpc\/securityGroupIngressRule:SecurityGroupIngressRule$/,
    group: "Access",
    subject: "way in: {label}",
    headline: {
      create: "opens {n} {way|ways} in",
      update: "changes {n} {way|ways} in",
      replace: "changes {n} {way|ways} in",
      delete: "closes {n} {way|ways} in",
    },
  },
  { type: /^aws:vpc\/securityGroupEgressRule:/, group: "Access", subject: "way out: {label}" },
  { type: /^aws:ec2\/securityGroup:SecurityGroup$/, group: "Access", subject: "security group {label}" },
  {
    type: /^aws:iam\/(role|rolePolicy|rolePolicyAttachment|policy):/,
    group: "Access",
    subject: "permissions: {type} {label}",
    headline: {
      create: "adds {n} IAM {role or policy|roles and policies}",
      update: "changes {n} IAM {role or policy|roles and policies}",
      replace: "changes {n} IAM {role or policy|roles and policies}",
      delete: "removes {n} IAM {role or policy|roles and policies}",
    },
  },
  { type: /^aws:(iam|vpc|kms|secretsmanager|ssm)\//, group: "Access", subject: "{type} {label}" },
  {
    type: /^aws:s3\/bucket:Bucket$/,
    group: "Build cache",
    subject: "bucket {label}",
    headline: {
      create: "adds {n} {bucket|buckets}",
      replace: "replaces {n} {bucket|buckets}",
      delete: "deletes {n} {bucket|buckets}",
    },
  },
  { type: /^aws:s3\//, group: "Build cache", subject: "{type} of {label}" },
  { type: /^aws:cloudwatch\/metricAlarm:MetricAlarm$/, group: "Logs and alarms", subject: "alarm {label}" },
  { type: /^aws:cloudwatch\/dashboard:Dashboard$/, group: "Logs and alarms", subject: "dashboard {label}" },
  { type: /^aws:(cloudwatch|sns|sqs)\//, group: "Logs and alarms", subject: "{type} {label}" },
  // awsx's components, whose children are shown.
  { type: /^awsx:ecr:/, group: "Image", subject: "{type} {label}" },
  { type: /^pulumi:providers:/, group: "Other", subject: "settings of the provider {type}" },
  { type: /^/, group: "Other", subject: "{type} {label}" },
];
