/**
 * Adds and removes groups in a stack file's text. The text is edited where the entry stands and nowhere else: comments,
 * order, quotes and blank lines of the rest stay as somebody wrote them.
 */
import { Document, isMap, isScalar, isSeq, parseDocument, visit, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { namespace } from "../components/settings/settings";
import { UserError } from "./errors";
import { checked } from "./stack-file-check";

export interface GroupEntry {
  path: string;
  tags?: string[];
  size?: string;
}

const key = `${namespace}:groups`;

/** @throws UserError naming what is wrong with the entry, in which case nothing has to be undone */
export function addGroup(text: string, entry: GroupEntry): string {
  const { config, groups } = read(text);
  if (groups && indexOf(groups, entry.path) >= 0)
    throw new UserError(`${key} has ${JSON.stringify(entry.path)} already`);
  const edited = groups ? append(text, groups, entry) : insertList(text, config, entry);
  return checked(text, edited);
}

/** @throws UserError where the stack file has no such group */
export function removeGroup(text: string, path: string): string {
  const { groups } = read(text);
  const index = groups ? indexOf(groups, path) : -1;
  if (!groups || index < 0) {
    const known = groups?.items.map(pathOf).join(", ") || "none";
    throw new UserError(`${key} has no ${JSON.stringify(path)}; it has ${known}`);
  }
  return checked(text, cut(text, groups, index));
}

interface Parts {
  config: YAMLMap;
  groups?: YAMLSeq;
}

function read(text: string): Parts {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new UserError(`the stack file is no valid YAML: ${document.errors[0].message}`);
  const config = document.get("config");
  if (!isMap(config)) throw new UserError("the stack file has no config");
  const groups = config.get(key, true);
  if (groups === undefined || (isScalar(groups) && groups.value === null)) return { config };
  if (!isSeq(groups)) throw new UserError(`${key} is not a list`);
  return { config, groups };
}

const pathOf = (item: unknown): string => String(isMap(item) ? item.get("path") : isScalar(item) ? item.value : item);

/** GitLab's paths are the same in upper and lower case. */
const indexOf = (groups: YAMLSeq, path: string) =>
  groups.items.findIndex((item) => pathOf(item).toLowerCase() === path.toLowerCase());

/** Offsets of a node: where it begins, where its value ends, and where what belongs to it (comment, newline) ends. */
const rangeOf = (node: unknown) => (node as { range: [number, number, number] }).range;

function append(text: string, groups: YAMLSeq, entry: GroupEntry): string {
  if (groups.flow) {
    const end = rangeOf(groups)[1] - 1;
    const last = groups.items.at(-1);
    const at = last === undefined ? end : rangeOf(last)[1];
    return splice(text, at, at, `${last === undefined ? "" : ", "}${flow(entry)}`);
  }
  const last = groups.items.at(-1);
  const [start, end] = rangeOf(last);
  const column = dashOf(text, start) - lineStart(text, start);
  const at = lineEnd(text, lastContent(last) ?? end);
  return splice(text, at, at, `${text.charAt(at - 1) === "\n" ? "" : "\n"}${block(entry, column)}`);
}

/** The list where there is none: after the last of this project's own settings, or at the config's end. */
function insertList(text: string, config: YAMLMap, entry: GroupEntry): string {
  const pairs = config.items as Pair[];
  const name = ({ key: node }: Pair) => (isScalar(node) ? String(node.value) : "");
  const empty = pairs.find((pair) => name(pair) === key);
  const column = pairs.length > 0 ? rangeOf(pairs[0].key)[0] - lineStart(text, rangeOf(pairs[0].key)[0]) : 2;
  if (config.flow) throw new UserError("the stack file's config is written in one line; write it as a block first");
  const list = `${" ".repeat(column)}${key}:\n${block(entry, column + 2)}`;
  if (empty) {
    const start = lineStart(text, rangeOf(empty.key)[0]);
    return splice(text, start, lineEnd(text, rangeOf(empty.key)[1]), list);
  }
  const after = pairs.filter((pair) => name(pair).startsWith(`${namespace}:`)).at(-1) ?? pairs.at(-1);
  const end = after ? lineEnd(text, contentEnd(after)) : text.length;
  return splice(text, end, end, `${end > 0 && text.charAt(end - 1) !== "\n" ? "\n" : ""}${list}`);
}

function cut(text: string, groups: YAMLSeq, index: number): string {
  const [start, end] = rangeOf(groups.items[index]);
  if (groups.items.length === 1) {
    // An empty block list would be null.
    const [from, to] = groups.flow ? rangeOf(groups) : [dashOf(text, start), end];
    if (groups.flow) return splice(text, from, to, "[]");
    const keyEnd = text.lastIndexOf(":", from) + 1;
    return splice(splice(text, lineStart(text, from), lineEnd(text, to), ""), keyEnd, keyEnd, " []");
  }
  if (groups.flow) {
    const next = groups.items[index + 1];
    return next
      ? splice(text, start, rangeOf(next)[0], "")
      : splice(text, rangeOf(groups.items[index - 1])[1], end, "");
  }
  return splice(text, lineStart(text, start), lineEnd(text, lastContent(groups.items[index]) ?? end), "");
}

/** Where the last scalar of a node ends: a block's own range goes on over comments and blank lines that follow it. */
function lastContent(node: unknown): number | undefined {
  let end: number | undefined;
  visit(node as never, {
    Scalar: (_, scalar) => void (end = Math.max(end ?? 0, rangeOf(scalar)[1])),
    Collection: (_, collection) => void (collection.flow && (end = Math.max(end ?? 0, rangeOf(collection)[1]))),
  });
  return end;
}

const contentEnd = (pair: Pair): number => (pair.value ? lastContent(pair.value) : undefined) ?? rangeOf(pair.key)[1];

/** The dash before an item. */
const dashOf = (text: string, start: number) => text.lastIndexOf("-", start - 1);
const lineStart = (text: string, offset: number) => text.lastIndexOf("\n", offset - 1) + 1;
/** Behind the newline of the offset's line. */
const lineEnd = (text: string, offset: number) => {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
};
const splice = (text: string, from: number, to: number, insert: string) =>
  text.slice(0, from) + insert + text.slice(to);

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
