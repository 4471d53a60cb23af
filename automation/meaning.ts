/** Puts each change under the rule that says what it means to people. */
import { compare, type Change } from "./changes";
import { groups, rules, type Group, type Rule } from "./meaning-rules";
import { at, isUnknown } from "./values";

/** Frames around resources that have a change of their own: nothing happens to them. */
const frames = /^(pulumi:pulumi:Stack|gitlab-fargate-runners:index:\w+|awsx:ecr:(Repository|Image))$/;

export interface Meaning {
  change: Change;
  group: Group;
  /** "runner for acme/frontend". */
  subject: string;
  label: string;
  rule: Rule;
}

/** One entry per change that does something, in the report's order. */
export function meaningsOf(changes: Change[]): Meaning[] {
  return changes
    .filter(({ type }) => !frames.test(type))
    .map(meaningOf)
    .sort(
      (a, b) =>
        groups.indexOf(a.group) - groups.indexOf(b.group) ||
        rules.indexOf(a.rule) - rules.indexOf(b.rule) ||
        natural(a.subject, b.subject) ||
        compare(a.change.urn, b.change.urn),
    );
}

function meaningOf(change: Change): Meaning {
  const rule = rules.find(
    ({ type, name, when }) =>
      type.test(change.type) && (name === undefined || name.test(change.name)) && when?.(change) !== false,
  )!;
  const label = rule.name?.exec(change.name)?.[1] ?? change.name;
  const word = change.type.split(/[:/]/).pop()!;
  const subject = rule.subject.replace(/\{(label|type)\}/g, (_, key) => (key === "label" ? label : word));
  return { change, group: rule.group, subject, label, rule };
}

/** runner-2 before runner-10, the same in every locale. */
function natural(a: string, b: string): number {
  const parts = (text: string) => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const numbers = [Number(left[index]), Number(right[index])];
    const order = numbers.every((one) => Number.isSafeInteger(one))
      ? numbers[0] - numbers[1]
      : compare(left[index], right[index]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const builds = "docker-build:index:Image";

/**
 * Whether the preview shows that an image has to be built; previews build none. Awsx makes the resource that builds
 * only once it knows the repository's address, so a preview does not show it where the repository is new.
 */
export const buildsImage = (changes: Change[]): boolean =>
  changes.some(
    ({ type, op }) =>
      (type === builds && op !== "delete" && op !== "read") ||
      (type === "aws:ecr/repository:Repository" && (op === "create" || op === "replace")),
  );

/** The platform of the image that has to be built: "linux/arm64"; undefined where the preview does not show it. */
export function imagePlatform(changes: Change[]): string | undefined {
  const after = (type: string) => changes.filter((change) => change.type === type && change.op !== "delete");
  const [platform] = after(builds).map(({ new: inputs }) => at(inputs, "platforms[0]"));
  if (typeof platform === "string" && !isUnknown(platform)) return platform;
  // The image of tasks has their architecture.
  const definitions = after("aws:ecs/taskDefinition:TaskDefinition");
  const [architecture] = definitions.map(({ new: inputs }) => at(inputs, "runtimePlatform.cpuArchitecture"));
  return architecture === "ARM64" ? "linux/arm64" : architecture === "X86_64" ? "linux/amd64" : undefined;
}
