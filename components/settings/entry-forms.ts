/**
 * The forms in which people write entries: in a list, as texts, numbers or objects, or in a map, whose keys are what the
 * entries are for. Pure functions.
 */
import type { EntryKind } from "../names";
import { record } from "./values";
import { shown } from "./values-shown";

type Raw = Record<string, unknown>;

/** What says whom an entry is for. In a map the entry's key says it. */
const identityKeys = (kind: EntryKind): readonly string[] => (kind === "instance" ? ["name"] : ["path", "id"]);

export const isMap = (value: unknown): value is Raw =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A map of entries as the list that it stands for; what is no map stays as it is. */
export function asList(kind: EntryKind, value: unknown): unknown {
  if (!isMap(value)) return value;
  return Object.entries(value).map(([key, entry]) => ({
    ...withoutIdentity(kind, isMap(entry) ? entry : {}),
    ...identityOf(kind, key),
  }));
}

/** A map's key in digits is an id: GitLab has no path of digits alone. */
function identityOf(kind: EntryKind, key: string): Raw {
  if (kind === "instance") return { name: key };
  return /^\d+$/.test(key) ? { id: Number(key) } : { path: key };
}

const withoutIdentity = (kind: EntryKind, entry: Raw): Raw =>
  Object.fromEntries(Object.entries(entry).filter(([name]) => !identityKeys(kind).includes(name)));

/** An entry that is a text or a number is an object with nothing but that. */
export function spelledOut(kind: EntryKind, value: unknown): unknown {
  if (typeof value === "string") return kind === "instance" ? { name: value } : { path: value };
  if (typeof value === "number" && kind !== "instance") return { id: value };
  return value;
}

/** What is wrong with an entry of a map before its keys are looked at; each error begins with the entry's place. */
export function wrongInMap(kind: EntryKind, place: string, entry: unknown): string[] {
  if (entry === null) return [];
  if (isMap(entry)) {
    return identityKeys(kind)
      .filter((name) => entry[name] !== undefined)
      .map((name) => `${place}.${name}: the entry's key says whom it is for; take ${name} out`);
  }
  const empty = typeof entry === "string" && /^\s*\{\s*\}\s*$/.test(entry);
  const why = empty
    ? `${shown(entry)} is a text; write {} without quotes`
    : `keys with values are expected, like {tags: [web]}, or {} for none; it is ${shown(entry)}`;
  return [`${place}: ${why}`];
}

/**
 * Where a value that the schema names is in the settings as somebody has written them: the schema knows lists alone, and
 * what a map's key says has its place at the key.
 */
export function placeIn(raw: Raw, kinds: Record<string, EntryKind>, path: readonly PropertyKey[]): PropertyKey[] {
  const [list, index, name, ...rest] = path;
  const kind = kinds[String(list)];
  const value = record(raw[String(list)]);
  if (kind === undefined || typeof index !== "number" || !isMap(value)) return [...path];
  const key = Object.keys(value)[index] ?? index;
  if (name === undefined || identityKeys(kind).includes(String(name))) return [list, key];
  return [list, key, name, ...rest];
}
