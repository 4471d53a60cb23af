/** What an editor says of a stack's file by docs/stack.schema.json: by ajv, which checks as JSON Schema (draft 7) demands. */
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { schema } from "../../../components/settings/schema";
import { factsOf } from "../../../components/settings/schema-facts";
import { namespace } from "../../../components/settings/stack-file";
import { schemaFile } from "../../../scripts/stack-schema";

const validate = new Ajv({ allErrors: true, unknownFormats: "ignore" }).compile(
  JSON.parse(readFileSync(schemaFile, "utf8")) as object,
);

/** Each error with its place; none where the file is right. @param file a parsed stack file */
export function editorErrors(file: unknown): string[] {
  if (validate(file) === true) return [];
  return (validate.errors ?? []).map(({ dataPath, message }) => `${dataPath}: ${message}`);
}

type Raw = Record<string, unknown>;

/** A file with these settings, their secrets encrypted, as they are in files. */
export function fileWith(settings: Raw): { config: Raw } {
  const sealed = encrypted(settings, []) as Raw;
  return { config: Object.fromEntries(Object.entries(sealed).map(([key, value]) => [`${namespace}:${key}`, value])) };
}

function encrypted(value: unknown, path: PropertyKey[]): unknown {
  if (factsOf(schema, path).isSecret) return value === undefined ? undefined : { secure: "v1:x:y" };
  if (Array.isArray(value)) return value.map((one, index) => encrypted(one, [...path, index]));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, encrypted(one, [...path, key])] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

/** How errors begin that JSON Schema knows too: an unknown key, another type, a form or a value that there is not. */
const kinds = [
  "unknown key",
  "expected ",
  "(a list|keys with values|names with values) (is|are) expected",
  ".* is (a text|a number|a switch); ",
  ".* is too (small|large): ",
  ".* is unknown; ",
  "there is no \\d",
  "not (a|the) (text|name|path|ARN|address|branch|folder)",
];
const kind = new RegExp(`^[^ ]+: (${kinds.join("|")})`);

export const isOfForm = (error: string): boolean => kind.test(error);
