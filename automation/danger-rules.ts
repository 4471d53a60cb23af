/**
 * What a reviewer has to know before anything else: rules as data. The ids are what a merge request acknowledges
 * (policy.ts); docs/gitlab-ci.md lists them.
 */
import type { Change, Op } from "./changes";
import { isReachedAnotherWay, stopsHost } from "./host-changes";
import { compareGrants } from "./iam";
import { isRecord, type Value } from "./values";

export interface DangerRule {
  id: string;
  title: string;
  /** Of the resource. */
  type: RegExp;
  ops: Op[];
  /** Beyond type and operation. @param all the whole change set */
  when?: (change: Change, all: Change[]) => boolean;
  means: string;
  lasts: string;
  /** Told, and needing no acknowledgement. */
  toldOnly?: boolean;
}

const userRunner = /^gitlab:index\/userRunner:UserRunner$/;
const instance = /^aws:ec2\/instance:Instance$/;
const ingress = /^aws:vpc\/securityGroupIngressRule:SecurityGroupIngressRule$/;
/** Properties of a rule that let nobody in. */
const saysWhat = /^(tags|tagsAll|description)\b/;
const changed = (change: Change, name: string) =>
  change.properties.some(({ path }) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`));

const becomes = (change: Change, name: string, from: Value, to: Value) =>
  changed(change, name) && change.old[name] === from && change.new[name] === to;

const inlinePolicies: [RegExp, string][] = [
  [/^aws:iam\/rolePolicy:RolePolicy$/, "policy"],
  [/^aws:iam\/policy:Policy$/, "policy"],
  [/^aws:iam\/role:Role$/, "assumeRolePolicy"],
];
const iamDocument = /^aws:iam\/(rolePolicy:RolePolicy|policy:Policy|role:Role)$/;

function grants({ type, old, new: after }: Change): ReturnType<typeof compareGrants> {
  const [, property] = inlinePolicies.find(([pattern]) => pattern.test(type))!;
  return compareGrants(old[property], after[property]);
}

const goesWith = (type: string, change: Change, all: Change[]) =>
  all.some((other) => other.type === type && other.op === "delete" && other.name === change.name);

export const dangerRules: DangerRule[] = [
  {
    id: "host-replaced",
    title: "host replaced",
    type: instance,
    ops: ["replace"],
    means: "A new host is set up first; then the old one takes no more jobs, finishes those it has, and is removed.",
    lasts: "Minutes until the new host works; the old one stays as long as its longest job, up to a day.",
  },
  {
    id: "host-removed",
    title: "host removed",
    type: instance,
    ops: ["delete"],
    means: "It takes no more jobs, finishes those it has, and is removed for good; what else lies on it is lost.",
    lasts: "As long as its longest job, up to a day.",
  },
  {
    id: "host-stopped",
    title: "host stopped",
    type: instance,
    ops: ["update"],
    when: stopsHost,
    means: "AWS changes this only while the instance is stopped: jobs that it runs are lost.",
    lasts: "A few minutes without this host.",
  },
  {
    id: "runner-restarted",
    title: "runner restarted",
    type: /^command:remote:Command$/,
    ops: ["update"],
    when: (change) => change.name.endsWith("-service") && !isReachedAnotherWay(change),
    means: "The runner stops when its running jobs have ended, and starts again; new jobs wait for that.",
    lasts: "As long as the host's longest job, up to a day.",
    toldOnly: true,
  },
  {
    id: "runner-removed",
    title: "runner removed",
    type: userRunner,
    ops: ["delete"],
    means: "GitLab forgets the runner and its token. Jobs that no other runner takes stay pending.",
    lasts: "For good: the entry put back makes another runner with another token.",
  },
  {
    id: "runner-token-replaced",
    title: "runner and token replaced",
    type: userRunner,
    ops: ["replace"],
    means: "A new runner with a new token takes the place of the old one, whose id and history in GitLab go.",
    lasts: "Jobs wait for the seconds between the two.",
  },
  {
    id: "bucket-deleted",
    title: "bucket deleted",
    type: /^aws:s3\/bucket:Bucket$/,
    ops: ["delete", "replace"],
    means: "All archives in it are deleted: jobs start without their cache.",
    lasts: "For good; each job fills its cache again, in as long as it takes without one.",
  },
  {
    id: "repository-deleted",
    title: "image repository deleted",
    type: /^aws:ecr\/repository:Repository$/,
    ops: ["delete", "replace"],
    means: "All images in it are deleted: tasks that still start from one of them fail.",
    lasts: "Until the deployment has pushed the next image; the old ones are lost for good.",
  },
  {
    id: "logs-deleted",
    title: "logs deleted",
    type: /^aws:cloudwatch\/logGroup:LogGroup$/,
    ops: ["delete", "replace"],
    means: "The logs in it are deleted.",
    lasts: "For good.",
  },
  {
    id: "cluster-deleted",
    title: "ECS cluster deleted",
    type: /^aws:ecs\/cluster:Cluster$/,
    ops: ["delete", "replace"],
    means: "Jobs that run on it are lost; ECS deletes no cluster with running tasks.",
    lasts: "Until the hosts know the new cluster, minutes.",
  },
  {
    id: "access-opened",
    title: "access opened",
    type: ingress,
    ops: ["create", "update", "replace"],
    when: ({ op, properties }) =>
      op !== "update" || properties.length === 0 || !properties.every(({ path }) => saysWhat.test(path)),
    means: "Whoever is in this network can try to log in there.",
    lasts: "Until the rule is removed.",
  },
  {
    id: "access-opened",
    title: "bucket's protection lowered",
    type: /^aws:s3\/bucketPublicAccessBlock:/,
    ops: ["update", "replace", "delete"],
    when: (change, all) => !goesWith("aws:s3/bucket:Bucket", change, all),
    means: "The bucket may become readable to others.",
    lasts: "Until it is put back.",
  },
  {
    id: "access-opened",
    title: "bucket's policy changed",
    type: /^aws:s3\/bucketPolicy:/,
    ops: ["update", "replace", "delete"],
    when: (change, all) =>
      !goesWith("aws:s3/bucket:Bucket", change, all) &&
      compareGrants(change.old.policy, change.op === "delete" ? '{"Statement":[]}' : change.new.policy) !==
        "same or narrower",
    means: "Others may get at the bucket, or over connections without TLS.",
    lasts: "Until it is put back.",
  },
  {
    id: "access-opened",
    title: "runner opened to more jobs",
    type: userRunner,
    ops: ["update"],
    when: (change) =>
      becomes(change, "accessLevel", "ref_protected", "not_protected") ||
      becomes(change, "locked", true, false) ||
      becomes(change, "untagged", false, true),
    means: "Jobs of unprotected branches, of other projects or without tags can run here from now on.",
    lasts: "Until it is put back.",
  },
  {
    id: "access-opened",
    title: "instance metadata opened",
    type: instance,
    ops: ["update", "replace"],
    when: (change) => changed(change, "metadataOptions") && !sessionTokens(change.new.metadataOptions),
    means: "Programs on the host can get its credentials without a session token.",
    lasts: "Until it is put back.",
  },
  {
    id: "iam-widened",
    title: "IAM widened",
    type: iamDocument,
    ops: ["create", "update", "replace"],
    when: (change) => grants(change) === "wider",
    means: "A role may do more than before, or more may take it.",
    lasts: "Until it is put back.",
  },
  {
    id: "iam-widened",
    title: "managed policy attached",
    type: /^aws:iam\/\w*[pP]olicyAttachment:/,
    ops: ["create", "update", "replace"],
    means: "A role may do what this policy allows.",
    lasts: "Until it is detached.",
  },
  {
    id: "iam-unknown",
    title: "IAM known only later",
    type: iamDocument,
    ops: ["create", "update", "replace"],
    when: (change) => grants(change) === "unknown",
    means:
      "The policy names something that the deployment makes first, such as an image: this preview cannot compare it.",
    lasts: "",
    toldOnly: true,
  },
];

const sessionTokens = (value: Value | undefined) => isRecord(value) && value.httpTokens === "required";
