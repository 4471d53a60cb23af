/**
 * What is wrong with a stack's file beside the settings' own values: a key where nobody reads it, or where it takes the
 * place of another, and secrets in plain text. Pure functions.
 */
import { formatPath } from "./messages";
import { nearest } from "./nearest";
import { schema } from "./schema";
import { factsOf } from "./schema-facts";
import { record, structured } from "./values";

/** The namespace of the settings in the stack's configuration. */
export const namespace = "gitlab-fargate-runners";

/** A parsed stack file. */
export interface StackFile {
  config?: Record<string, unknown>;
  [key: string]: unknown;
}

/** @see https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/ */
const pulumis = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"];

/** Secrets of the providers. */
const theirs = ["gitlab:token", "aws:secretKey", "aws:token"];

const settings = factsOf(schema, []).keys;

/** Pulumi takes no other object for an encrypted value: an entry of a map may be called `secure` too. */
export const isEncrypted = (value: unknown): value is { secure: string } => {
  const { secure, ...others } = record(value);
  return typeof secure === "string" && Object.keys(others).length === 0;
};

/** Each error with path and reason. */
export function fileErrors(file: StackFile): string[] {
  const config = record(file.config);
  return [...outsideConfig(file), ...withoutNamespace(config), ...misspelt(config), ...plainSecrets(config)];
}

function outsideConfig(file: StackFile): string[] {
  return Object.keys(file)
    .filter((key) => !pulumis.includes(key) && (settings.includes(key) || key.includes(":")))
    .map((key) => {
      const full = key.includes(":") ? key : `${namespace}:${key}`;
      return `${key}: at the margin, where nobody reads it; move it below config: as ${full}, with two spaces before it`;
    });
}

/** Pulumi takes one as if it had the project's namespace, and it wins over one that has it. */
function withoutNamespace(config: Record<string, unknown>): string[] {
  return Object.keys(config)
    .filter((key) => !key.includes(":") && key !== namespace)
    .map((key) => {
      const full = `${namespace}:${key}`;
      const rival = Object.hasOwn(config, full) ? `; beside ${full} only one of both counts` : "";
      return `${key}: without its namespace; write ${full}${rival}`;
    });
}

/** Nobody reads these. Another program's namespace may be anything else. */
function misspelt(config: Record<string, unknown>): string[] {
  return Object.keys(config).flatMap((key) => {
    const [own, ...rest] = key.split(":");
    if (rest.length === 0 || !isNearOurs(own)) return [];
    return [`${key}: nobody reads the namespace ${own}; did you mean ${namespace}:${rest.join(":")}?`];
  });
}

/** Near in its letters, or made of the same words: "fargate-runner". The provider's, "gitlab", is another. */
function isNearOurs(name: string): boolean {
  if (name === namespace || name === "gitlab") return false;
  const words = (text: string) =>
    text
      .toLowerCase()
      .split(/[-_.]/)
      .map((word) => word.replace(/s$/, ""));
  return nearest(name, [namespace]) !== undefined || words(name).every((word) => words(namespace).includes(word));
}

function plainSecrets(config: Record<string, unknown>): string[] {
  return Object.entries(config).flatMap(([key, value]) => {
    if (theirs.includes(key)) return isPlain(value) ? [encrypt(key, key, "")] : [];
    if (!key.startsWith(`${namespace}:`)) return [];
    const json = typeof value === "string";
    return plainBelow(json ? structured(value) : value, [key.slice(namespace.length + 1)]).map((path) => {
      const full = `${namespace}:${formatPath(path)}`;
      return encrypt(formatPath(path), /[[\]]/.test(full) ? `'${full}'` : full, "--path ", json);
    });
  });
}

/** @param json whether it is within a text of JSON, in which Pulumi finds no path */
const encrypt = (path: string, key: string, flag: string, json = false) =>
  `${path}: in plain text in the stack's file, where it is anybody's who can read that; ` +
  `${json ? "write the JSON as YAML, without quotes around it, and " : ""}encrypt it: ` +
  `npx pulumi config set --secret ${flag}${key}${key.endsWith("privateKey") ? " < runner-host" : ""}`;

const isPlain = (value: unknown) => typeof value === "string" && value !== "";

function plainBelow(value: unknown, path: PropertyKey[]): PropertyKey[][] {
  if (Array.isArray(value)) return value.flatMap((one, index) => plainBelow(one, [...path, index]));
  if (typeof value === "object" && value !== null) {
    if (isEncrypted(value)) return [];
    return Object.entries(value).flatMap(([key, one]) => plainBelow(one, [...path, key]));
  }
  return isPlain(value) && factsOf(schema, path).isSecret ? [path] : [];
}

/**
 * Whether a file's text may have an error that only the file shows: to parse one with a thousand groups takes long, and
 * nearly all are fine.
 */
export function isSuspicious(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => /^\s*[^\s#]/.test(line));
  const below = lines.filter((line) => /^\s/.test(line) && !/^\s*-(\s|$)/.test(line));
  const margin = Math.min(...below.map((line) => line.search(/\S/)));
  const keys = below.filter((line) => line.search(/\S/) === margin);
  return (
    lines.some((line) => /^\S/.test(line) && !pulumis.some((key) => line.startsWith(`${key}:`))) ||
    /^config:[ \t]*[^\s#]/m.test(text) ||
    keys.some((line) => !/^\s*["']?[\w.-]+:[\w.-]/.test(line)) ||
    /\b(token|privateKey|secretKey)["']?:(?!\s*\{?\s*["']?secure["']?:)/.test(text)
  );
}
