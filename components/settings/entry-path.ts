import type { EntryKind } from "../names";
import type { Entry } from "./entries";
import { record } from "./values";

const listOf: Record<EntryKind, string> = { group: "groups", project: "projects", instance: "instanceRunners" };

/** The settings that hold entries. */
export const lists = Object.values(listOf);

type Raw = Record<string, unknown>;

/** All entries of the raw settings with their paths; one that is a text or a number is an empty object. */
export const entriesOf = (raw: Raw): [path: string, entry: Raw][] =>
  lists.flatMap((list) =>
    (Array.isArray(raw[list]) ? raw[list] : []).map((entry, index): [string, Raw] => [
      `${list}[${index}]`,
      record(entry),
    ]),
  );

/** Where an entry is in the settings: "groups[0]". */
export function entryPath(entry: Entry, entries: readonly Entry[]): string {
  const ofKind = entries.filter(({ kind }) => kind === entry.kind);
  return `${listOf[entry.kind]}[${ofKind.indexOf(entry)}]`;
}
