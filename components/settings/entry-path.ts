/** Where entries are in the settings. Pure functions. */
import { entryKey, type EntryKind } from "../names";
import { asList, isMap, placeIn, spelledOut, wrongInMap } from "./entry-forms";
import { formatPath } from "./messages";
import { record } from "./values";
import { shown } from "./values-shown";

const kindOf: Record<string, EntryKind> = { groups: "group", projects: "project", instanceRunners: "instance" };

/** The settings that hold entries. */
export const lists = Object.keys(kindOf);

type Raw = Record<string, unknown>;

/** All entries of the raw settings, spelled out, with their paths: `groups[0]`, `groups["acme/backend"]`. */
export const entriesOf = (raw: Raw): [path: string, entry: Raw][] =>
  lists.flatMap((list) => {
    const kind = kindOf[list];
    const entries = asList(kind, raw[list]);
    return (Array.isArray(entries) ? entries : []).map((entry, index): [string, Raw] => [
      formatPath(asWritten(raw, [list, index])),
      record(spelledOut(kind, entry)),
    ]);
  });

/** The path of a value that the schema names, in the settings as they are written. */
export const asWritten = (raw: Raw, path: readonly PropertyKey[]): PropertyKey[] => placeIn(raw, kindOf, path);

/** Maps whose entries are none. */
export const wrongMaps = (raw: Raw): string[] =>
  lists.flatMap((list) => {
    const map = raw[list];
    if (!isMap(map)) return [];
    return Object.entries(map).flatMap(([key, entry]) => wrongInMap(kindOf[list], formatPath([list, key]), entry));
  });

/** Entries of the same group, project or name. */
export function duplicates(raw: Raw): string[] {
  const first = new Map<string, string>();
  return entriesOf(raw).flatMap(([path, { path: byPath, id, name }]) => {
    const kind = kindOf[/^\w+/.exec(path)![0]];
    const what = kind === "instance" ? name : (byPath ?? id);
    if (typeof what !== "string" && typeof what !== "number") return [];
    // GitLab's paths are the same in upper and lower case.
    const key = entryKey(kind, what).toLowerCase();
    const other = first.get(key);
    if (other === undefined) first.set(key, path);
    return other === undefined ? [] : [`${path}: duplicate of ${other}: ${shown(what)}`];
  });
}
