/** Values of settings as messages show them. Pure functions. */
import type { Facts } from "./schema-facts";

/**
 * What GitLab's tokens begin with, as a regular expression.
 *
 * @see https://docs.gitlab.com/security/tokens/#token-prefixes
 */
export const gitlabTokens = "gl(?:pat|rt|rtr|dt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)";

/**
 * Texts that hold secrets: tokens of GitLab, keys, credentials in an address, which need not have its scheme. An image
 * with tag and digest is none.
 */
const telling = new RegExp(
  String.raw`^gl[a-z]+-|\b${gitlabTokens}-|\bGR1348941|PRIVATE KEY|://[^/@\s]*@|[^/@\s]+:[^/@\s]+@(?!sha256:)`,
);

const longest = 80;

/** What was given, where its value is not to be seen. */
export function kindOf(value: unknown): string {
  if (value === null || value === "") return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "keys with values";
  return typeof value === "string" ? "a text" : typeof value === "number" ? "a number" : String(value);
}

/** What was given, short and on one line. */
export function shown(value: unknown): string {
  if (value === "" || typeof value === "object") return kindOf(value);
  if (typeof value !== "string") return String(value);
  if (telling.test(value)) return "a secret, it seems";
  return JSON.stringify(value.length > longest ? `${value.slice(0, longest)}…` : value);
}

/** The setting's example as one writes it on one line; nothing where it has none, or one too long to help. */
export function example({ example: value }: Facts, before: string): string {
  if (value === undefined) return "";
  const text = inline(value);
  return text.length > longest || text.includes("\n") ? "" : before + text;
}

/** YAML on one line. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, one]) => `${key}: ${inline(one)}`)
      .join(", ")}}`;
  }
  return typeof value === "string" && /^$|[{}[\]#"'\s]|,$|: /.test(value) ? JSON.stringify(value) : String(value);
}

const factors: Record<string, Record<string, number>> = {
  seconds: { s: 1, sec: 1, second: 1, m: 60, min: 60, minute: 60, h: 3600, hour: 3600, d: 86400, day: 86400 },
  minutes: { m: 1, min: 1, minute: 1, h: 60, hour: 60, d: 1440, day: 1440 },
  days: { d: 1, day: 1, w: 7, week: 7, month: 30, y: 365, year: 365 },
  MiB: { m: 1, mb: 1, mib: 1, g: 1024, gb: 1024, gib: 1024 },
  GiB: { g: 1, gb: 1, gib: 1, t: 1024, tb: 1024, tib: 1024 },
  percent: { "%": 1, percent: 1 },
  "CPU units": { vcpu: 1024, cpu: 1024 },
};

/** The number that a text with a unit of its own means: "2h" is 7200 seconds. Undefined where it means none. */
export function inUnit(text: string, unit: string): number | undefined {
  const [, number, own = ""] = /^(\d+(?:\.\d+)?)\s*(%|[A-Za-z]+)$/.exec(text) ?? [];
  const known = factors[unit] ?? {};
  const name = own.toLowerCase();
  const factor = known[name] ?? known[name.replace(/s$/, "")];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
