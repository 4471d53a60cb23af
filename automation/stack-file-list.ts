/** Items added to and removed from a list in a stack file's text, of which nothing else changes. Pure functions. */
import type { YAMLSeq } from "yaml";
import { block, flow } from "./new-entry";
import { dashesOf, insertLines, lastContent, lineEnd, lineStart, rangeOf, splice } from "./stack-file-text";

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

/** Without one of its items. @param emptied what the text is with `[]` in the list's place, once the item is gone */
export function cutItem(text: string, list: YAMLSeq, index: number, emptied: (rest: string) => string): string {
  const item = list.items[index];
  const alone = list.items.length === 1;
  if (list.flow) {
    const [start, end] = rangeOf(alone ? list : item);
    if (alone) return splice(text, start, end, "[]");
    const next = list.items[index + 1];
    return next ? splice(text, start, rangeOf(next)[0], "") : splice(text, rangeOf(list.items[index - 1])[1], end, "");
  }
  const dash = dashesOf(list)[index];
  const rest = splice(text, lineStart(text, dash), lineEnd(text, lastContent(item)), "");
  return alone ? emptied(rest) : rest;
}
