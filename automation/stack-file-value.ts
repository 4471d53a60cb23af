/** Sets a single text in a stack file, and touches nothing else of it. */
import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import { UserError } from "./errors";
import { lastContent, lineEnd, lineStart, newlineOf, rangeOf, splice } from "./stack-file-text";
import { parseYaml, refuseBroken, type StackFileYaml } from "./stack-file-yaml";

/**
 * @param keys from the stack file's root to the text; all but the last may be missing
 * @throws UserError where the file is written in a way that has to be edited by hand
 */
export function setText(text: string, keys: readonly string[], value: string): string {
  const before = parseYaml(text);
  refuseBroken(before.broken, "the stack file");
  const edited = edit(text, before, keys, JSON.stringify(value));
  if (edited === undefined || !isDeepStrictEqual(parseYaml(edited).value, expected(before.value, keys, value))) {
    throw new UserError(`${keys.slice(1).join(".")} has to be set by hand: ${value}`);
  }
  return edited;
}

/** Undefined where there is no place for it. */
function edit(text: string, { document }: StackFileYaml, keys: readonly string[], value: string): string | undefined {
  let map: unknown = document.contents;
  for (const [depth, key] of keys.entries()) {
    if (!isMap(map) || map.items.length === 0) return undefined;
    const pair = (map.items as Pair[]).find((one) => isScalar(one.key) && one.key.value === key);
    if (pair === undefined) return added(text, map, keys.slice(depth), value);
    if (depth === keys.length - 1) {
      if (isScalar(pair.value) && JSON.stringify(pair.value.value) === value) return text;
      return isScalar(pair.value) && pair.value.value !== null ? replaced(text, pair.value, value) : undefined;
    }
    map = pair.value;
  }
  return undefined;
}

function replaced(text: string, node: unknown, value: string): string {
  const [start, end] = rangeOf(node);
  return splice(text, start, end, value);
}

/** Behind the last of a map's own. */
function added(text: string, map: YAMLMap, keys: readonly string[], value: string): string {
  if (map.flow) {
    const at = rangeOf(map.items.at(-1)!.value)[1];
    const nested = keys.map((key) => `${key}: `).join("{ ");
    return splice(text, at, at, `, ${nested}${value}${" }".repeat(keys.length - 1)}`);
  }
  const first = rangeOf(map.items[0].key)[0];
  const column = first - lineStart(text, first);
  const lines = keys.map((key, depth) => `${" ".repeat(column + 2 * depth)}${key}:`);
  const newline = newlineOf(text);
  const at = lineEnd(text, lastContent(map));
  const begun = text.charAt(at - 1) !== "\n" ? newline : "";
  return splice(text, at, at, `${begun}${lines.join(newline)} ${value}${newline}`);
}

function expected(before: unknown, keys: readonly string[], value: string): unknown {
  if (keys.length === 0) return value;
  const [key, ...rest] = keys;
  const map = (before ?? {}) as Record<string, unknown>;
  return { ...map, [key]: expected(map[key], rest, value) };
}
