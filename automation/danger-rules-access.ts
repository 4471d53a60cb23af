/** Dangers of who may do more than before: a part of danger-rules.ts. */
import type { Change } from "./changes";
import type { DangerRule } from "./danger-rules";
import { compareGrants } from "./iam";
import { instance, userRunner } from "./resource-types";
import { compareTaskRoles } from "./task-roles";
import { isRecord, type Value } from "./values";

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

const taskRoles = ({ name, old, new: after }: Change) =>
  name.endsWith("-fargate-toml") ? compareTaskRoles(old.stdin, after.stdin) : "same or narrower";

const goesWith = (type: string, change: Change, all: Change[]) =>
  all.some((other) => other.type === type && other.op === "delete" && other.name === change.name);

export const accessRules: DangerRule[] = [
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
    id: "iam-widened",
    title: "role given to jobs",
    type: /^command:remote:Command$/,
    ops: ["update", "replace"],
    when: (change) => taskRoles(change) === "wider",
    means: "Whatever a job of this runner runs may do in AWS what the role may do.",
    lasts: "Until it is taken back.",
  },
  {
    id: "iam-unknown",
    title: "jobs' roles known only later",
    type: /^command:remote:Command$/,
    ops: ["update", "replace"],
    when: (change) => taskRoles(change) === "unknown",
    means:
      "The driver's configuration names something that the deployment makes first: look at `taskRole` of the entries.",
    lasts: "",
    toldOnly: true,
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
