import type { EntryKind } from "../names";
import type { Entry } from "./entries";

const listOf: Record<EntryKind, string> = { group: "groups", project: "projects", instance: "instanceRunners" };

/** The settings that hold entries. */
export const lists = Object.values(listOf);

/** Where an entry is in the settings: "groups[0]". */
export function entryPath(entry: Entry, entries: readonly Entry[]): string {
  const ofKind = entries.filter(({ kind }) => kind === entry.kind);
  return `${listOf[entry.kind]}[${ofKind.indexOf(entry)}]`;
}
