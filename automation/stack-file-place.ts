/** On which line of a stack file an error is. Pure functions. */
import { isAlias, isMap, isScalar, isSeq, type Document, type LineCounter, type Pair, type YAMLMap } from "yaml";
import { namespace } from "../components/settings/stack-file";
import { rangeOf } from "./stack-file-text";

/** The parts of the path that an error begins with: `groups[0].tags: …`, `gitlab:token: …`. */
export function pathOf(error: string): (string | number)[] {
  const parts: (string | number)[] = [];
  const part = /(?:\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|\.?([^\s.[\]"]+?))(?=[.[]|: )/y;
  for (;;) {
    const [, quoted, index, name] = part.exec(error) ?? [];
    if (quoted !== undefined) parts.push(JSON.parse(quoted) as string);
    else if (index !== undefined) parts.push(Number(index));
    else if (name !== undefined) parts.push(name);
    else return parts;
  }
}

/**
 * The line of the innermost part of the error's path that the file has, from 1 on; undefined where it has none of it.
 *
 * @param document parsed with `lines`
 */
export function lineOf(error: string, document: Document, lines: LineCounter): number | undefined {
  const [name, ...rest] = pathOf(error);
  const config = document.get("config");
  const key = `${namespace}:${name}`;
  const within = error.startsWith(`${name}: at the margin`) ? undefined : (pairIn(config, key) ?? pairIn(config, name));
  const begin = within ?? pairIn(document.contents, name);
  if (begin === undefined) return undefined;
  let [at, value]: [unknown, unknown] = [begin.key, begin.value];
  for (const part of rest) {
    const node = isAlias(value) ? value.resolve(document) : value;
    const found = typeof part === "string" ? pairIn(node, part) : undefined;
    const item = typeof part === "number" && isSeq(node) ? node.items[part] : undefined;
    if (found === undefined && item === undefined) break;
    [at, value] = found === undefined ? [item, item] : [found.key, found.value];
  }
  return lines.linePos(rangeOf(at)[0]).line;
}

const pairIn = (map: unknown, key: string | number): Pair | undefined =>
  isMap(map)
    ? ((map as YAMLMap).items as Pair[]).find((one) => isScalar(one.key) && String(one.key.value) === key)
    : undefined;
