/** The wildcards of policies: `*` is any text, `?` one character. */

export function matches(pattern: string, text: string, flags = ""): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\*?]/g, (character) => wildcards[character] ?? `\\${character}`);
  return new RegExp(`^${source}$`, `s${flags}`).test(text);
}

const wildcards: Record<string, string> = { "*": ".*", "?": "." };

/** Names of actions are the same in upper and lower case. */
export const matchesAction = (pattern: string, action: string): boolean => matches(pattern, action, "i");

/**
 * Compares ARNs part by part, as a wildcard stays within the part that it stands in; parts left out are wildcards.
 * "*" alone is every resource, also of actions that know none; nothing else matches those.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === "*") return true;
  if (!pattern.startsWith("arn:") || !arn.startsWith("arn:")) return false;
  const wanted = parts(pattern);
  return parts(arn).every((part, index) => matches(wanted[index] ?? "*", part));
}

/** arn, partition, service, region, account, and the resource with all its colons. */
function parts(arn: string): string[] {
  const all = arn.split(":");
  return all.length <= 6 ? all : [...all.slice(0, 5), all.slice(5).join(":")];
}
