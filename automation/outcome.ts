/** The one line that says what a change set comes to. */
import type { Meaning } from "./meaning";

/** How many names a line holds before it counts the others. */
const namesShown = 3;

/**
 * As "adds 1 runner for acme/frontend, rewrites config.toml on 2 hosts, restarts nothing". Plain text; names in it are
 * whatever the settings hold.
 */
export function outcomeOf(meanings: Meaning[]): string {
  if (meanings.length === 0) return "changes nothing";
  const phrases = new Map<string, Meaning[]>();
  let silent = 0;
  for (const meaning of meanings) {
    const template = meaning.rule.headline?.[meaning.change.op];
    if (template === "") continue;
    if (template === undefined) silent++;
    else phrases.set(template, [...(phrases.get(template) ?? []), meaning]);
  }
  const said = [...phrases].map(([template, found]) =>
    fill(
      template,
      found.map(({ label }) => label),
    ),
  );
  if (silent > 0) said.push(`${said.length > 0 ? `${silent} more` : silent} ${silent === 1 ? "change" : "changes"}`);
  const disturbed = meanings.some(({ rule, change }) => rule.disturbs?.includes(change.op));
  return [...said, ...(disturbed ? [] : ["restarts nothing"])].join(", ");
}

function fill(template: string, labels: string[]): string {
  const count = labels.length;
  return template
    .replace(/\{([^{}|]+)\|([^{}|]+)\}/g, (_, one: string, many: string) => (count === 1 ? one : many))
    .replace(/\{(n|labels)\}/g, (_, key: string) => (key === "n" ? String(count) : list(labels)));
}

function list(labels: string[]): string {
  if (labels.length <= namesShown)
    return [labels.slice(0, -1).join(", "), labels.at(-1)!].filter(Boolean).join(" and ");
  return `${labels.slice(0, namesShown).join(", ")} and ${labels.length - namesShown} more`;
}
