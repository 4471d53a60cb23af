/** Where the nodes of a YAML document stand in its text, which has to be parsed with `keepSourceTokens`. */
import { visit, type CST, type Pair, type YAMLSeq } from "yaml";

/** Offsets of a node: where it begins, where its value ends, and where what belongs to it (comment, newline) ends. */
export const rangeOf = (node: unknown) => (node as { range: [number, number, number] }).range;

/**
 * Where the last scalar of a node ends: a block's own range goes on over comments and blank lines that follow it. A block
 * scalar ends behind its last newline, which is the start of the next line.
 */
export function lastContent(node: unknown): number {
  let end: number | undefined;
  const reach = (_: unknown, one: unknown) => void (end = Math.max(end ?? 0, rangeOf(one)[1]));
  visit(node as never, {
    Scalar: reach,
    Alias: reach,
    Collection: (position, collection) => (collection.flow ? reach(position, collection) : undefined),
  });
  return end ?? rangeOf(node)[1];
}

/** The dashes before a block list's items. */
export function dashesOf(list: YAMLSeq): number[] {
  const marks = (list.srcToken as CST.BlockSequence).items.flatMap(({ start }) => start);
  return marks.filter(({ type }) => type === "seq-item-ind").map(({ offset }) => offset);
}

/** Behind the colon of a pair; undefined where it has none. */
export function valueStart(pair: Pair): number | undefined {
  const { srcToken } = pair as { srcToken?: CST.CollectionItem };
  const colon = srcToken?.sep?.find(({ type }) => type === "map-value-ind");
  return colon && colon.offset + 1;
}

export const lineStart = (text: string, offset: number) => text.lastIndexOf("\n", offset - 1) + 1;

/** Behind the newline of the line on which something ends; what ends with a newline itself has come there already. */
export function lineEnd(text: string, end: number): number {
  if (text.charAt(end - 1) === "\n") return end;
  const newline = text.indexOf("\n", end);
  return newline < 0 ? text.length : newline + 1;
}

export const newlineOf = (text: string) => (text.includes("\r\n") ? "\r\n" : "\n");

export const splice = (text: string, from: number, to: number, insert: string) =>
  text.slice(0, from) + insert + text.slice(to);

/**
 * Without some of a collection's nodes, of which not all go where it is one in a line.
 *
 * @param nodes where each begins, with a block item's dash, and where it ends
 */
export function cutNodes(
  text: string,
  gone: ReadonlySet<number>,
  nodes: readonly (readonly [start: number, end: number])[],
  isFlow: boolean,
): string {
  let last = nodes.length - 1;
  while (gone.has(last)) last--;
  const partOf = (index: number): [number, number] => {
    const [start, end] = nodes[index];
    if (!isFlow) return [lineStart(text, start), lineEnd(text, end)];
    // With the comma behind it, or the one before it where nothing that stays follows.
    return index < last ? [start, nodes[index + 1][0]] : [nodes[index - 1][1], end];
  };
  // From the end on, so that what is before keeps its place.
  return [...gone].sort((a, b) => b - a).reduce((rest, index) => splice(rest, ...partOf(index), ""), text);
}

/** With an end of its last line. */
export const withLastNewline = (text: string) => (text.endsWith("\n") ? text : text + newlineOf(text));

/** Lines at a line's start, or behind a last line without an end. */
export function insertLines(text: string, at: number, lines: string): string {
  const newline = newlineOf(text);
  const begun = at > 0 && text.charAt(at - 1) !== "\n";
  return splice(text, at, at, (begun ? newline : "") + lines.replaceAll("\n", newline));
}
