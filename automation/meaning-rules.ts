/** What a resource's change means to people: rules by resource type, as data. What no rule knows is shown as "other". */
import type { Change, Op } from "./changes";
import { isReachedAnotherWay, stopsHost } from "./host-changes";

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

const command = /^command:remote:(Command|CopyToRemote)$/;
const onHosts = (verb: string, what: string) => `${verb} ${what} on {n} {host|hosts}`;

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
  {
    type: /^aws:ec2\/instance:Instance$/,
    when: stopsHost,
    group: "Hosts",
    subject: "host {label}",
    headline: { update: "stops and starts {n} {host|hosts}" },
    disturbs: ["update"],
  },
  {
    type: /^aws:ec2\/instance:Instance$/,
    group: "Hosts",
    subject: "host {label}",
    headline: {
      create: "adds {n} {host|hosts}",
      update: "changes {n} {host|hosts}",
      replace: "replaces {n} {host|hosts}",
      delete: "removes {n} {host|hosts}",
    },
    disturbs: ["replace", "delete"],
  },
  {
    type: command,
    when: isReachedAnotherWay,
    group: "Hosts",
    subject: "way to the host's set-up: {label}",
    headline: { update: "reaches the hosts another way" },
  },
  {
    type: command,
    name: /^(.+)-config-toml$/,
    group: "Hosts",
    subject: "config.toml on {label}",
    headline: {
      create: onHosts("writes", "config.toml"),
      update: onHosts("rewrites", "config.toml"),
      replace: onHosts("rewrites", "config.toml"),
    },
  },
  {
    type: command,
    name: /^(.+)-fargate-toml$/,
    group: "Hosts",
    subject: "fargate.toml on {label}",
    headline: {
      create: onHosts("writes", "fargate.toml"),
      update: onHosts("rewrites", "fargate.toml"),
      replace: onHosts("rewrites", "fargate.toml"),
    },
  },
  {
    type: command,
    name: /^(.+)-service$/,
    group: "Hosts",
    subject: "service gitlab-runner on {label}",
    headline: {
      create: onHosts("starts", "the runner"),
      update: onHosts("restarts", "the runner"),
      replace: onHosts("starts", "the runner anew"),
      delete: "",
    },
    disturbs: ["update", "replace", "delete"],
  },
  {
    type: /^command:local:Command$/,
    name: /^(.+)-drain$/,
    group: "Hosts",
    subject: "drain of {label} before it goes",
    headline: {
      create: "",
      update: "",
      replace: onHosts("drains", "the runner"),
      delete: onHosts("drains and stops", "the runner"),
    },
    disturbs: ["replace", "delete"],
  },
  {
    type: command,
    name: /^(.+)-driver$/,
    group: "Hosts",
    subject: "driver on {label}",
    headline: {
      create: onHosts("builds", "the driver"),
      update: onHosts("rebuilds", "the driver"),
      replace: onHosts("rebuilds", "the driver"),
    },
  },
  {
    type: command,
    name: /^(.+)-runner$/,
    group: "Hosts",
    subject: "GitLab Runner on {label}",
    headline: {
      create: onHosts("installs", "GitLab Runner"),
      update: onHosts("installs", "GitLab Runner"),
      replace: onHosts("installs", "GitLab Runner"),
    },
  },
  {
    type: command,
    name: /^(.+)-trust$/,
    group: "Hosts",
    subject: "trusted certificate authorities on {label}",
    headline: {
      create: onHosts("trusts", "private certificate authorities"),
      update: onHosts("trusts", "other private certificate authorities"),
      replace: onHosts("trusts", "private certificate authorities"),
      delete: onHosts("trusts", "no private certificate authority any more"),
    },
  },
  { type: command, group: "Hosts", subject: "step of the host's set-up: {label}" },
  { type: /^command:local:Command$/, name: /^(.+)-login-key$/, group: "Hosts", subject: "SSH login key of {label}" },
  {
    type: /^aws:ec2\/eip:Eip$/,
    group: "Hosts",
    subject: "public address of {label}",
    headline: {
      create: "gives {n} {host|hosts} a public address",
      replace: "gives {n} {host|hosts} another public address",
      delete: "takes the public address of {n} {host|hosts}",
    },
  },
  {
    type: /^aws:ec2\/eipAssociation:/,
    group: "Hosts",
    subject: "hold of {label} on its public address",
    headline: { create: "", replace: "", delete: "" },
  },
  { type: /^aws:ec2\/keyPair:KeyPair$/, group: "Hosts", subject: "SSH key of the hosts: {label}" },
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
  { type: /^aws:(cloudwatch|sns|sqs)\//, group: "Logs and alarms", subject: "{type} {label}" },
  // awsx's components, whose children are shown.
  { type: /^awsx:ecr:/, group: "Image", subject: "{type} {label}" },
  { type: /^pulumi:providers:/, group: "Other", subject: "settings of the provider {type}" },
  { type: /^/, group: "Other", subject: "{type} {label}" },
];
