/** Entries of runners that a command adds to a stack's file, and the YAML that they are written as. Pure functions. */
import { Document, visit } from "yaml";
import type { EntryKind } from "../components/names";

/** A group or project by its path or id, or an instance runner by its name, with whatever else an entry has. */
export interface NewEntry {
  path?: string;
  id?: number;
  name?: string;
  [key: string]: unknown;
}

/** The settings that entries are added to. */
export type EntryList = "groups" | "projects" | "instanceRunners";

export const kindOf: Record<EntryList, EntryKind> = {
  groups: "group",
  projects: "project",
  instanceRunners: "instance",
};

/** What says whom an entry is for. */
export const identityOf = (list: EntryList, { path, id, name }: NewEntry): string | number | undefined =>
  list === "instanceRunners" ? name : (path ?? id);

/** As an item of a list; what says nothing but whom it is for is a plain text or number. */
export function asItem(list: EntryList, entry: NewEntry): unknown {
  const options = optionsOf(list, entry);
  if (Object.keys(options).length === 0) return identityOf(list, entry);
  const { path, id, name } = entry;
  return { ...(list === "instanceRunners" ? { name } : path === undefined ? { id } : { path }), ...options };
}

/** As a value of a map, in which the key says whom it is for. */
export function optionsOf(list: EntryList, { path: _, id: __, name, ...others }: NewEntry): Record<string, unknown> {
  const given = Object.entries({ ...(list !== "instanceRunners" && { name }), ...others });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/**
 * What entries have in common, such as tags, is written down with each of them. Pulumi's parser takes some texts for
 * numbers and dates as YAML 1.1 does (1_000, 2025-01-31), so those are quoted too.
 */
const documentOf = (value: unknown) => new Document(value, { aliasDuplicateObjects: false, compat: "yaml-1.1" });

const style = { lineWidth: 0, flowCollectionPadding: false };

/** In lines at this column: one for each item or key of the value, and for each key of these; the rest is within them. */
export function block(value: unknown, column: number): string {
  const document = documentOf(value);
  visit(document, {
    Seq: (_, seq) => void (seq.flow = seq !== document.contents),
    Map: (_, map, path) => void (map.flow = path.length > 3 || map.items.length === 0),
  });
  const lines = document.toString(style).trimEnd().split("\n");
  return lines.map((line) => `${" ".repeat(column)}${line}\n`).join("");
}

/** In one line. */
export function flow(value: unknown): string {
  const document = documentOf(value);
  visit(document, { Collection: (_, collection) => void (collection.flow = true) });
  return document.toString(style).trimEnd();
}
