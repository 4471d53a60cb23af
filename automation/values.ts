/** Property values as the engine's events carry them: JSON, with marks for secrets and for what is not known yet. */

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** The engine's mark of a wrapped value, and the mark's value for a secret (pulumi/pulumi, sdk/go/common/resource/sig). */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Stands for a value that is known after the deployment only (plugin.UnknownStringValue and its siblings). */
const unknowns = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export const isUnknown = (value: Value | undefined): boolean => typeof value === "string" && unknowns.has(value);

export const isSecret = (value: Value | undefined): boolean =>
  value === "[secret]" || (isRecord(value) && value[signature] === secretSignature);

export const isRecord = (value: Value | undefined): value is { [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A field of its own: keys come from whoever wrote the value, and may be called "toString". */
export const field = (record: { [key: string]: Value }, key: string): Value | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

/** The value at one of the engine's property paths: `a.b`, `a[0]`, `a["b.c"]`; undefined where there is none. */
export function at(root: Value, path: string): Value | undefined {
  let value: Value | undefined = root;
  for (const [, quoted, index, name] of path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)) {
    if (isSecret(value) || isUnknown(value)) return value;
    if (index !== undefined && Array.isArray(value)) value = value[Number(index)];
    else if (isRecord(value)) value = field(value, quoted?.replace(/\\(.)/g, "$1") ?? name ?? index);
    else return undefined;
  }
  return value;
}

/** Top-level properties, in alphabetical order; without the engine's own and without what is empty. */
export function flatten(inputs: Record<string, Value>): [string, Value][] {
  return Object.entries(inputs)
    .filter(([key, value]) => !key.startsWith("__") && value !== null && !isEmpty(value))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const isEmpty = (value: Value) =>
  Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;

/** The object or list whose JSON text this is; undefined for any other text. */
export function documentIn(text: string): Value | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}
