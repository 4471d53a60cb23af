/** Keys added to and removed from a map in a stack file's text, of which nothing else changes. Pure functions. */
import { isScalar, type Pair, type YAMLMap } from "yaml";
import { block, flow } from "./new-entry";
import {
  cutNodes,
  insertLines,
  lastContent,
  lineEnd,
  lineStart,
  rangeOf,
  splice,
  valueStart,
  withLastNewline,
} from "./stack-file-text";

type Added = readonly (readonly [key: string, value: unknown])[];

/**
 * With these keys: each in its alphabetical place where the map's own are in that order, so that two branches seldom write
 * at the same place, and else at its end.
 *
 * @param begin where the map's setting has its colon
 */
export function insertKeys(text: string, map: YAMLMap, added: Added, begin: number): string {
  const pairs = map.items as Pair[];
  if (map.flow) {
    const at = pairs.length === 0 ? rangeOf(map)[1] - 1 : endOf(pairs.at(-1)!);
    const keys = added.map(([key, value]) => flow({ [key]: value }).slice(1, -1));
    return splice(text, at, at, `${pairs.length === 0 ? "" : ", "}${keys.join(", ")}`);
  }
  const first = rangeOf(pairs[0].key)[0];
  const column = first - lineStart(text, first);
  const ended = withLastNewline(text);
  const names = pairs.map(nameOf);
  const isSorted = names.every((name, index) => index === 0 || order(names[index - 1], name) <= 0);
  const indexOf = (key: string) => (isSorted ? names.filter((name) => order(name, key) < 0).length : names.length);
  const sorted = isSorted ? [...added].sort(([one], [other]) => order(one, other)) : added;
  // From the end on, so that what is before keeps its place.
  return sorted.reduceRight((edited, [key, value]) => {
    const index = indexOf(key);
    const at = lineEnd(ended, index === 0 ? begin : endOf(pairs[index - 1]));
    return insertLines(edited, at, block({ [key]: value }, column));
  }, ended);
}

/** Without some of its keys, by index. @param emptied what the text is with `{}` in the map's place, once all are gone */
export function cutKeys(
  text: string,
  map: YAMLMap,
  gone: ReadonlySet<number>,
  emptied: (rest: string) => string,
): string {
  const { flow } = map;
  const pairs = map.items as Pair[];
  const all = gone.size === pairs.length;
  if (flow && all) return splice(text, rangeOf(map)[0], rangeOf(map)[1], "{}");
  const nodes = pairs.map((pair): [number, number] => [rangeOf(pair.key)[0], endOf(pair)]);
  const rest = cutNodes(text, gone, nodes, flow === true);
  return all ? emptied(rest) : rest;
}

const nameOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : "");

/** GitLab's paths are the same in upper and lower case. */
function order(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a < b ? -1 : Number(a > b);
}

/** A value that is left out is said to stand behind the comments that follow. */
function endOf(pair: Pair): number {
  const { key, value } = pair;
  const range = value === null ? undefined : rangeOf(value);
  if (range !== undefined && range[1] > range[0]) return lastContent(value);
  return valueStart(pair) ?? rangeOf(key)[1];
}
