/**
 * Adds and removes groups in a stack file's text. The text is edited where the entry stands and nowhere else: comments,
 * order, quotes and blank lines of the rest stay as somebody wrote them.
 */
import { Document, isMap, isScalar, isSeq, visit, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { namespace } from "../components/settings/settings";
import { UserError } from "./errors";
import { checked } from "./stack-file-check";
import { dashesOf, lastContent, lineEnd, lineStart, newlineOf, rangeOf, splice, valueStart } from "./stack-file-text";
import { parseYaml, refuseBroken } from "./stack-file-yaml";

export interface GroupEntry {
  path: string;
  tags?: string[];
  size?: string;
}

const key = `${namespace}:groups`;

/** @throws UserError naming what is wrong with the entry, in which case nothing has to be undone */
export function addGroup(text: string, entry: GroupEntry): string {
  const { config, groups, names } = read(text);
  if (indexOf(names, entry.path) >= 0) throw new UserError(`${key} has ${JSON.stringify(entry.path)} already`);
  const edited = groups ? append(text, groups, entry) : insertList(text, config, entry);
  return checked(text, edited, { added: content(entry) });
}

/** @param group a path or an id @throws UserError where the stack file has no such group */
export function removeGroup(text: string, group: string): string {
  const { config, groups, names } = read(text);
  const index = indexOf(names, group);
  if (!groups || index < 0) {
    const known = names.filter((name) => name !== undefined).join(", ") || "none";
    throw new UserError(`${key} has no ${JSON.stringify(group)}; it has ${known}`);
  }
  return checked(text, cut(text, config, groups, index), { removed: index });
}

interface Parts {
  config: YAMLMap;
  groups?: YAMLSeq;
  /** What each entry is known by. */
  names: (string | undefined)[];
}

function read(text: string): Parts {
  const { document, broken } = parseYaml(text);
  refuseBroken(broken, "the stack file");
  const config = document.get("config");
  if (!isMap(config)) throw new UserError("the stack file has no config");
  const groups = config.get(key, true);
  if (groups === undefined || (isScalar(groups) && groups.value === null)) return { config, names: [] };
  if (isSeq(groups)) return { config, groups, names: (groups.toJS(document) as unknown[]).map(nameOf) };
  const json = isScalar(groups) && /^\s*\[/.test(String(groups.value));
  throw new UserError(`${key} is ${json ? "a list as JSON in a text; write it as YAML first" : "not a list"}`);
}

/** Its path or id; undefined where it is wrong and has neither. */
function nameOf(entry: unknown): string | undefined {
  const { path, id } = Object(entry) as { path?: unknown; id?: unknown };
  const name = path ?? id ?? entry;
  return typeof name === "string" || typeof name === "number" ? String(name) : undefined;
}

/** GitLab's paths are the same in upper and lower case. */
const indexOf = (names: (string | undefined)[], group: string) =>
  names.findIndex((name) => name?.toLowerCase() === group.toLowerCase());

function append(text: string, groups: YAMLSeq, entry: GroupEntry): string {
  const last = groups.items.at(-1);
  if (groups.flow) {
    const at = last === undefined ? rangeOf(groups)[1] - 1 : rangeOf(last)[1];
    return splice(text, at, at, `${last === undefined ? "" : ", "}${flow(entry)}`);
  }
  const dash = dashesOf(groups).at(-1)!;
  return insertLines(text, lineEnd(text, lastContent(last)), block(entry, dash - lineStart(text, dash)));
}

/** The list where there is none: after the last of this project's own settings, or at the config's end. */
function insertList(text: string, config: YAMLMap, entry: GroupEntry): string {
  if (config.flow) throw new UserError("the stack file's config is written in one line; write it as a block first");
  const pairs = config.items as Pair[];
  const first = rangeOf(pairs[0].key)[0];
  const column = first - lineStart(text, first);
  const empty = pairs.find((pair) => name(pair) === key);
  if (empty) {
    // A null that is left out stands behind the comments, one that is written on the key's line.
    const [from, [start, end]] = [valueStart(empty), rangeOf(empty.value)];
    const rest = end > start ? splice(text, from, end, "") : text;
    return insertLines(rest, lineEnd(rest, from), block(entry, column + 2));
  }
  const after = pairs.filter((pair) => name(pair).startsWith(`${namespace}:`)).at(-1) ?? pairs.at(-1)!;
  const list = `${" ".repeat(column)}${key}:\n${block(entry, column + 2)}`;
  return insertLines(text, lineEnd(text, lastContent(after)), list);
}

const name = ({ key: node }: Pair) => (isScalar(node) ? String(node.value) : "");

/** Lines at a line's start, or behind a last line without an end. */
function insertLines(text: string, at: number, lines: string): string {
  const newline = newlineOf(text);
  const begun = at > 0 && text.charAt(at - 1) !== "\n";
  return splice(text, at, at, (begun ? newline : "") + lines.replaceAll("\n", newline));
}

function cut(text: string, config: YAMLMap, groups: YAMLSeq, index: number): string {
  const item = groups.items[index];
  const alone = groups.items.length === 1;
  if (groups.flow) {
    const [start, end] = rangeOf(alone ? groups : item);
    if (alone) return splice(text, start, end, "[]");
    const next = groups.items[index + 1];
    return next
      ? splice(text, start, rangeOf(next)[0], "")
      : splice(text, rangeOf(groups.items[index - 1])[1], end, "");
  }
  const dash = dashesOf(groups)[index];
  const rest = splice(text, lineStart(text, dash), lineEnd(text, lastContent(item)), "");
  if (!alone) return rest;
  // An empty block list would be null.
  const at = valueStart((config.items as Pair[]).find((pair) => name(pair) === key)!);
  return splice(rest, at, at, " []");
}

/** What is given of an entry; a path alone is a plain text. */
function content({ path, tags, size }: GroupEntry): unknown {
  const options = { ...(tags && tags.length > 0 && { tags }), ...(size !== undefined && { size }) };
  return Object.keys(options).length === 0 ? path : { path, ...options };
}

function block(entry: GroupEntry, column: number): string {
  const document = new Document([content(entry)]);
  visit(document, { Seq: (position, seq) => void (seq.flow = position !== null && seq !== document.contents) });
  const lines = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd().split("\n");
  return lines.map((line) => `${" ".repeat(column)}${line}\n`).join("");
}

function flow(entry: GroupEntry): string {
  const document = new Document(content(entry));
  visit(document, { Collection: (_, collection) => void (collection.flow = true) });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}
