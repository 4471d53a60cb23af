/** The entries that a command names: on its command line, or in a file with many. Pure functions. */
import { isMap, spelledOut, wrongInMap } from "../components/settings/entry-forms";
import { UserError } from "./errors";
import { identityOf, kindOf, type EntryList, type NewEntry } from "./new-entry";
import { parseYaml } from "./stack-file-yaml";

export interface Named {
  /** Paths of groups and projects, names of runners. */
  names: readonly string[];
  ids?: readonly number[];
  /** A file of entries, with its text. */
  from?: { name: string; text: string };
}

/**
 * What is to be added.
 *
 * @param options what each entry has that says nothing else itself
 * @throws UserError where nothing is named, or an entry of the file is none
 */
export function namedEntries(list: EntryList, named: Named, options: Record<string, unknown> = {}): NewEntry[] {
  const { names, ids = [], from } = named;
  const entries = [
    ...names.map((name) => byName(list, name)),
    ...ids.map((id): NewEntry => ({ id })),
    ...(from === undefined ? [] : entriesIn(list, from.name, from.text)),
  ];
  if (entries.length === 0) throw new UserError(from ? `${from.name} names none` : whatToName(list));
  return entries.map((entry) => ({ ...options, ...entry }));
}

const whatToName = (list: EntryList): string =>
  `nothing is named: give ${list === "instanceRunners" ? "names" : "paths, or --id"}, or --from a file`;

/**
 * A file's entries: one path or name on each line, or a list or a map in YAML, as the stack's file has them.
 *
 * @throws UserError with the place of what is none
 */
function entriesIn(list: EntryList, name: string, text: string): NewEntry[] {
  const lines = text.split(/\r?\n/);
  const bare = lines.map((line) => line.replace(/(^|\s)#.*/, "").trim());
  if (bare.every((line) => line === "" || /^[^\s:[\]{}"'-][^\s:[\]{}"']*$/.test(line))) {
    return bare.filter(Boolean).map((line) => byName(list, line));
  }
  const { broken, value } = parseYaml(text);
  if (broken.length > 0) throw new UserError(`${name}, line ${broken[0].line}: ${broken[0].text}`);
  if (Array.isArray(value)) return value.map((entry, index) => spelled(list, entry, `${name}, entry ${index + 1}`));
  if (!isMap(value)) throw new UserError(`${name}: one path on each line is expected, or a list or a map in YAML`);
  return Object.entries(value).map(([key, entry]) => {
    const [wrong] = wrongInMap(kindOf[list], `${name}, ${key}`, entry);
    if (wrong !== undefined) throw new UserError(wrong);
    return { ...(entry as object), ...byName(list, key) };
  });
}

/** Digits alone are an id: GitLab has no path of digits alone. */
const byName = (list: EntryList, text: string): NewEntry =>
  spelledOut(kindOf[list], /^\d+$/.test(text) && list !== "instanceRunners" ? Number(text) : text) as NewEntry;

function spelled(list: EntryList, given: unknown, place: string): NewEntry {
  const entry = spelledOut(kindOf[list], given);
  if (!isMap(entry)) throw new UserError(`${place}: a text or keys with values are expected`);
  const identity = identityOf(list, entry);
  if (list !== "instanceRunners" && entry.path !== undefined && entry.id !== undefined) {
    throw new UserError(`${place}: it has a path and an id; take one of them out`);
  }
  if (identity !== undefined && identity !== null) return entry;
  throw new UserError(`${place}: it has no ${list === "instanceRunners" ? "name" : "path and no id"}`);
}
