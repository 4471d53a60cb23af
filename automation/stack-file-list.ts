/** Items added to and removed from a list in a stack file's text, of which nothing else changes. Pure functions. */
import type { YAMLSeq } from "yaml";
import { block, flow } from "./new-entry";
import { cutNodes, dashesOf, insertLines, lastContent, lineEnd, lineStart, rangeOf, splice } from "./stack-file-text";

/** With these items at its end. */
export function appendItems(text: string, list: YAMLSeq, items: readonly unknown[]): string {
  const last = list.items.at(-1);
  if (list.flow) {
    const at = last === undefined ? rangeOf(list)[1] - 1 : rangeOf(last)[1];
    return splice(text, at, at, `${last === undefined ? "" : ", "}${items.map(flow).join(", ")}`);
  }
  const dash = dashesOf(list).at(-1)!;
  return insertLines(text, lineEnd(text, lastContent(last)), block(items, dash - lineStart(text, dash)));
}

/** Without some of its items, by index. @param emptied what the text is with `[]` in the list's place, once all are gone */
export function cutItems(
  text: string,
  list: YAMLSeq,
  gone: ReadonlySet<number>,
  emptied: (rest: string) => string,
): string {
  const { items, flow } = list;
  const all = gone.size === items.length;
  if (flow && all) return splice(text, rangeOf(list)[0], rangeOf(list)[1], "[]");
  const dashes = flow ? [] : dashesOf(list);
  const nodes = items.map((item, index): [number, number] =>
    flow ? [rangeOf(item)[0], rangeOf(item)[1]] : [dashes[index], lastContent(item)],
  );
  const rest = cutNodes(text, gone, nodes, flow === true);
  return all ? emptied(rest) : rest;
}
