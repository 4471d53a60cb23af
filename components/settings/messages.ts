/**
 * The sentences that tell what is wrong with a setting: what was given, what is expected in which unit, and what comes
 * nearest. A secret's value is in none of them. Pure functions.
 */
import type { z } from "zod";
import { nearest } from "./nearest";
import { factsOf, placesOf, type Facts } from "./schema-facts";
import { example, inUnit, kindOf, shown } from "./values-shown";

type Schema = z.core.$ZodType;
type RawIssue = z.core.$ZodRawIssue;

type Path = readonly PropertyKey[];

/**
 * Each error of a failed parse with its path.
 *
 * @param asWritten the path of what the schema names, in the settings as somebody has written them
 */
export function describeIssues(
  schema: Schema,
  issues: readonly z.core.$ZodIssue[],
  asWritten: (path: Path) => Path = (path) => path,
): string[] {
  return issues.flatMap((issue) => {
    const { path } = issue;
    if (issue.code === "unrecognized_keys") {
      // What is at another place, as a map's key, is no key here.
      const isHere = (key: string) => asWritten([...path, key]).length > path.length;
      return issue.keys.map(
        (key) => `${formatPath(asWritten([...path, key]))}: ${unknownKey(schema, path, key, isHere)}`,
      );
    }
    return [`${formatPath(asWritten(path))}: ${withGiven(issue, factsOf(schema, path))}`];
  });
}

/** For zod: the sentence of an issue whose schema has none of its own. */
export const sentences = (schema: Schema) => (issue: RawIssue) => {
  const facts = factsOf(schema, issue.path ?? []);
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue.expected, issue.input, facts);
    case "too_small":
      return outOfRange("small", issue, facts);
    case "too_big":
      return outOfRange("large", issue, facts);
    case "invalid_value":
      return noneOf(issue.values, issue.input, facts);
    case "invalid_format":
      return wrongFormat(issue, facts);
    case "invalid_key":
      return issue.issues[0]?.message;
    default:
      return undefined;
  }
};

/** A path as people write it: `groups[0].tags`, `sizes["my size"]`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[\w-]+$/.test(String(part))) return `[${JSON.stringify(String(part))}]`;
      return index === 0 ? String(part) : `.${String(part)}`;
    })
    .join("");
}

/** A schema's own "not a …" says what is expected; this adds what was given. */
function withGiven({ code, message, input, path }: z.core.$ZodIssue, { secret }: Facts): string {
  if (!message.startsWith("not ") || secret) return message;
  const given = code === "invalid_key" ? path.at(-1) : input;
  if (typeof given !== "string" && typeof given !== "number") return message;
  return message.includes(shown(given)) ? message : `${message}: ${shown(given)}`;
}

function unknownKey(schema: Schema, path: Path, key: string, isHere: (key: string) => boolean): string {
  const keys = factsOf(schema, path).keys.filter(isHere);
  if (path.length === 0 && key === "gitlab-fargate-runners") {
    return `unknown key; the namespace stands before each setting: ${key}:groups`;
  }
  const near = nearest(key, keys);
  if (near !== undefined) return `unknown key; did you mean ${near}?`;
  const elsewhere = placesOf(schema, key);
  if (elsewhere.length > 0) return `unknown key; did you mean ${elsewhere.join(" or ")}?`;
  return `unknown key; known are ${keys.join(", ")}`;
}

function wrongType(expected: string, input: unknown, facts: Facts): string {
  if (input === undefined) return `required${facts.unit ? ` (${facts.unit})` : ""}${example(facts, ", like ")}`;
  const given = facts.secret ? kindOf(input) : shown(input);
  switch (expected) {
    case "int":
    case "number":
      return noNumber(expected, input, facts, given);
    case "string":
      return noText(input, facts);
    case "boolean":
      return noSwitch(input, given);
    case "array":
      if (input === null || input === "") return `empty; write [] for none${example(facts, ", or a list like ")}`;
      return noList(input, facts, given);
    case "object":
      if (input === null || input === "") return `empty; take it out, or give it keys${example(facts, " like ")}`;
      return `keys with values are expected${example(facts, ", like ")}; it is ${given}`;
    case "record":
      return `names with values are expected${example(facts, ", like ")}; it is ${given}`;
    default:
      return `expected ${expected}, not ${given}`;
  }
}

function noList(input: unknown, facts: Facts, given: string): string {
  // What is not to be seen is not in quotes.
  const items = typeof input === "string" && given.startsWith('"') ? input.split(/[\s,;]+/).filter(Boolean) : [];
  const meant = items.every((item) => /^[\w./:~=+@-]+$/.test(item)) && items.length > 0;
  const like = meant ? `, or [${items.join(", ")}]` : example(facts, ", or like ");
  return `a list is expected, each entry on a line of its own with "- "${like}; it is ${given}`;
}

function noNumber(expected: string, input: unknown, { unit, secret }: Facts, given: string): string {
  if (typeof input === "number") return `${given} is not ${expected === "int" ? "a whole number" : "a number"}`;
  if (typeof input === "string" && !secret) {
    const text = input.trim();
    if (/^-?\d+(\.\d+)?$/.test(text)) return `${given} is a text; write ${text} without quotes`;
    const meant = unit === undefined ? undefined : inUnit(text, unit);
    if (meant !== undefined) return `expected a number of ${unit}, not ${given}; write ${meant}`;
  }
  return `expected a number${unit ? ` of ${unit}` : ""}, not ${given}`;
}

function noText(input: unknown, { secret, example: like }: Facts): string {
  const quotable = typeof input === "number" || typeof input === "boolean";
  if (secret) return quotable ? "a text is expected; quote it" : "a text is expected";
  if (quotable) return `${input} is ${typeof input === "number" ? "a number" : "a switch"}; quote it: "${input}"`;
  return `a text is expected${typeof like === "string" ? `, like ${like}` : ""}; it is ${shown(input)}`;
}

function noSwitch(input: unknown, given: string): string {
  const text = typeof input === "string" ? input.trim().toLowerCase() : "";
  const meant = /^(yes|on|y|1|true|enabled)$/.test(text)
    ? "true"
    : /^(no|off|n|0|false|disabled)$/.test(text) && "false";
  return meant ? `${given} is a text; write ${meant}` : `expected true or false, not ${given}`;
}

type Range = Extract<RawIssue, { code: "too_small" | "too_big" }>;

function outOfRange(what: "small" | "large", issue: Range, { unit, secret }: Facts): string {
  const { origin, input } = issue;
  const bound = String(issue.code === "too_small" ? issue.minimum : issue.maximum);
  const most = what === "small" ? "at least" : "at most";
  if (origin === "string") {
    const { length } = String(input);
    return length === 0
      ? "empty"
      : `${length} characters are too ${what === "small" ? "few" : "many"}: ${most} ${bound}`;
  }
  if (origin === "array") return `${most} ${bound} ${bound === "1" ? "entry is" : "entries are"} needed`;
  return `${secret ? kindOf(input) : shown(input)} is too ${what}: ${most} ${bound}${unit ? ` (${unit})` : ""}`;
}

/** What other programs call the values that this one knows. */
const alsoCalled: Record<string, string> = {
  amd64: "x86_64",
  x64: "x86_64",
  "x86-64": "x86_64",
  intel: "x86_64",
  aarch64: "arm64",
  arm: "arm64",
  graviton: "arm64",
};

function noneOf(values: readonly unknown[], input: unknown, { unit, secret }: Facts): string {
  const all = values.map(String);
  if (input === undefined) return `required: ${all.join(", ")}`;
  if (typeof input === "number" && values.every((value) => typeof value === "number")) {
    const below = Math.max(...values.filter((value) => value < input));
    const above = Math.min(...values.filter((value) => value > input));
    const near = [below, above].filter(Number.isFinite);
    return `there is no ${input}; the nearest ${near.length > 1 ? "are" : "is"} ${near.join(" and ")}${unit ? ` (${unit})` : ""}`;
  }
  const given = secret ? kindOf(input) : shown(input);
  const text = typeof input === "string" ? input : "";
  if (values.some((value) => typeof value === "number" && String(value) === text.trim())) {
    return `${given} is a text; write ${text.trim()} without quotes`;
  }
  const also = alsoCalled[text.toLowerCase()];
  const meant = also !== undefined && all.includes(also) ? also : nearest(text, all);
  return `${given} is unknown; ${meant === undefined ? `it is one of ${all.join(", ")}` : `did you mean ${meant}?`}`;
}

function wrongFormat(issue: Extract<RawIssue, { code: "invalid_format" }>, facts: Facts): string | undefined {
  const given = facts.secret ? kindOf(issue.input) : shown(issue.input);
  if (issue.format === "starts_with") return `${given} does not begin with "${String(issue.prefix)}"`;
  if (issue.format === "url") return `${given} is not an address${example(facts, ", like ")}`;
  return undefined;
}
