/**
 * Adds and removes entries of groups, projects and runners in a stack file's text. The text is edited where the entry
 * stands and nowhere else: comments, order, quotes and blank lines of the rest stay as somebody wrote them.
 */
import { isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { namespace } from "../components/settings/settings";
import { isEncrypted } from "../components/settings/stack-file";
import { UserError } from "./errors";
import { asItem, block, identityOf, optionsOf, type EntryList, type NewEntry } from "./new-entry";
import { checked } from "./stack-file-check";
import { appendItems, cutItems } from "./stack-file-list";
import { cutKeys, insertKeys } from "./stack-file-map";
import { insertLines, lastContent, lineEnd, lineStart, rangeOf, splice, valueStart } from "./stack-file-text";
import { parseYaml, refuseBroken } from "./stack-file-yaml";

/** @throws UserError naming what is wrong with the entries, in which case nothing has to be undone */
export function addEntries(text: string, list: EntryList, entries: readonly NewEntry[]): string {
  const { config, given, key, names } = read(text, list);
  const wanted = entries.map((entry) => String(identityOf(list, entry)));
  wanted.forEach((name, index) => {
    if (indexOf(names, name) >= 0) throw new UserError(`${key} has ${JSON.stringify(name)} already`);
    if (indexOf(wanted, name) < index) throw new UserError(`${JSON.stringify(name)} is to be added twice`);
  });
  if (isMap(given)) {
    const added = entries.map((entry, index) => [wanted[index], optionsOf(list, entry)] as const);
    const edited = insertKeys(text, given, added, colonOf(config, key));
    return checked(text, edited, key, (before) => ({ ...(before as object), ...Object.fromEntries(added) }));
  }
  const items = entries.map((entry) => asItem(list, entry));
  const edited = given ? appendItems(text, given, items) : insertList(text, config, key, items);
  return checked(text, edited, key, (before) => [...((before ?? []) as unknown[]), ...items]);
}

/** @param wanted paths, ids or names @throws UserError where the stack file has no such entry */
export function removeEntries(text: string, list: EntryList, wanted: readonly string[]): string {
  const { config, given, names, key } = read(text, list);
  const indexes = wanted.map((name, index) => {
    if (indexOf(wanted, name) < index) throw new UserError(`${JSON.stringify(name)} is to be removed twice`);
    return existing(names, name, key);
  });
  // An empty block list or map would be null.
  const emptied = (empty: string) => (rest: string) => {
    const at = colonOf(config, key);
    return splice(rest, at, at, ` ${empty}`);
  };
  if (isSeq(given)) {
    const gone = new Set(indexes);
    const edited = cutItems(text, given, gone, emptied("[]"));
    return checked(text, edited, key, (before) => (before as unknown[]).filter((_, index) => !gone.has(index)));
  }
  const own = ((given?.items ?? []) as Pair[]).map(nameOfKey);
  const found = indexes.map((index) => names[index]!);
  const places = found.map((name) => own.indexOf(name));
  const merged = found.find((_, index) => places[index] < 0);
  if (merged !== undefined)
    throw new UserError(`${key} has ${JSON.stringify(merged)} by a merge key (<<); edit it by hand`);
  const edited = cutKeys(text, given!, new Set(places), emptied("{}"));
  const gone = new Set(found);
  return checked(text, edited, key, (before) =>
    Object.fromEntries(Object.entries(before as object).filter(([name]) => !gone.has(name))),
  );
}

function existing(names: Parts["names"], wanted: string, key: string): number {
  const index = indexOf(names, wanted);
  if (index >= 0) return index;
  const known = names.filter((name) => name !== undefined).join(", ") || "none";
  throw new UserError(`${key} has no ${JSON.stringify(wanted)}; it has ${known}`);
}

interface Parts {
  /** With its namespace. */
  key: string;
  config: YAMLMap;
  given?: YAMLSeq | YAMLMap;
  /** What each entry is known by. */
  names: (string | undefined)[];
}

function read(text: string, list: EntryList): Parts {
  const key = `${namespace}:${list}`;
  const { document, broken } = parseYaml(text);
  refuseBroken(broken, "the stack file");
  const config = document.get("config");
  if (!isMap(config)) throw new UserError("the stack file has no config");
  const given = config.get(key, true);
  if (given === undefined || (isScalar(given) && given.value === null)) return { key, config, names: [] };
  if (isSeq(given)) {
    const names = (given.toJS(document) as unknown[]).map((entry) => nameOf(list, entry));
    return { key, config, given, names };
  }
  const entries = isMap(given) ? (given.toJS(document) as object) : undefined;
  if (isMap(given) && !isEncrypted(entries)) return { key, config, given, names: Object.keys(entries!) };
  const json = isScalar(given) && /^\s*[[{]/.test(String(given.value));
  throw new UserError(`${key} is ${json ? "as JSON in a text; write it as YAML first" : "neither a list nor a map"}`);
}

/** Its path, id or name; undefined where it is wrong and has none. */
function nameOf(list: EntryList, entry: unknown): string | undefined {
  const name = identityOf(list, Object(entry) as NewEntry) ?? entry;
  return typeof name === "string" || typeof name === "number" ? String(name) : undefined;
}

/** GitLab's paths are the same in upper and lower case. */
const indexOf = (names: readonly (string | undefined)[], wanted: string) =>
  names.findIndex((name) => name?.toLowerCase() === wanted.toLowerCase());

/** The list where there is none: after the last of this project's own settings, or at the config's end. */
function insertList(text: string, config: YAMLMap, key: string, items: readonly unknown[]): string {
  if (config.flow) throw new UserError("the stack file's config is written in one line; write it as a block first");
  const pairs = config.items as Pair[];
  const first = rangeOf(pairs[0].key)[0];
  const column = first - lineStart(text, first);
  const empty = pairs.find((pair) => nameOfKey(pair) === key);
  if (empty) {
    // A null that is left out stands behind the comments, one that is written on the key's line.
    const [from, [start, end]] = [colonOf(config, key), rangeOf(empty.value)];
    const rest = end > start ? splice(text, from, end, "") : text;
    return insertLines(rest, lineEnd(rest, from), block(items, column + 2));
  }
  const after = pairs.filter((pair) => nameOfKey(pair).startsWith(`${namespace}:`)).at(-1) ?? pairs.at(-1)!;
  const list = `${" ".repeat(column)}${key}:\n${block(items, column + 2)}`;
  return insertLines(text, lineEnd(text, lastContent(after)), list);
}

const nameOfKey = ({ key: node }: Pair) => (isScalar(node) ? String(node.value) : "");

/** Behind the colon of a setting that is there. */
const colonOf = (config: YAMLMap, key: string): number =>
  valueStart((config.items as Pair[]).find((pair) => nameOfKey(pair) === key)!)!;
