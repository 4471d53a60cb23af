/** One property's change, as a reviewer reads it: by line or by field where the value is a text or a document. */
import { eachOnce } from "../../components/each-once";
import type { PropertyChange } from "../changes";
import { documentIn, field, isRecord, type Value } from "../values";
import { later, mask, maskText, maskValue } from "./masking";

/** One place that differs; both texts are masked. Undefined: it was or is not there. */
export interface Difference {
  path: string;
  old?: string;
  new?: string;
}

/** Differences of one property; at least one, as the engine says that it changes. */
export function differences({ path, old, new: after }: PropertyChange): Difference[] {
  const before = maskValue(old, path);
  const now = maskValue(after, path);
  // Beside what is not known yet, a whole text or document that was there before tells nothing.
  if (now === later) return [{ path, old: short(before) ? text(before) : undefined, new: later }];
  if (before === mask || now === mask) return [{ path, old: text(before), new: text(now) }];
  const documents = [before, now].map(document);
  const found =
    documents.some((one) => one !== undefined) &&
    documents.every((one, index) => one !== undefined || [before, now][index] === undefined)
      ? fields(documents[0], documents[1], path)
      : [...lines(before, now, path)];
  return found.length > 0 ? found : [{ path, old: text(before), new: text(now) }];
}

const short = (value: Value | undefined) => typeof value !== "object" && !/[\n{]/.test(String(value));

/** A value with fields: an object, a list, or the JSON text of one. */
const document = (value: Value | undefined): Value | undefined =>
  typeof value === "object" && value !== null ? value : typeof value === "string" ? documentIn(value) : undefined;

function fields(old: Value | undefined, after: Value | undefined, path: string): Difference[] {
  if (JSON.stringify(old) === JSON.stringify(after)) return [];
  const both = [old, after];
  if (both.some(isRecord) && both.every((one) => one === undefined || isRecord(one))) {
    const [left = {}, right = {}] = both as (Record<string, Value> | undefined)[];
    const keys = eachOnce([...Object.keys(left), ...Object.keys(right)]);
    return keys.flatMap((key) =>
      fields(
        field(left, key),
        field(right, key),
        /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`,
      ),
    );
  }
  if (both.some(Array.isArray) && both.every((one) => one === undefined || Array.isArray(one))) {
    const [left = [], right = []] = both as (Value[] | undefined)[];
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) => fields(left[index], right[index], `${path}[${index}]`)).flat();
  }
  return [{ path, old: text(maskValue(old, path)), new: text(maskValue(after, path)) }];
}

/** Of texts with several lines, the lines that only one of them has. */
function* lines(old: Value | undefined, after: Value | undefined, path: string): Generator<Difference> {
  if (typeof old !== "string" || typeof after !== "string" || !(old + after).includes("\n")) return;
  const [left, right] = [old.split("\n"), after.split("\n")];
  for (const line of left) if (!right.includes(line)) yield { path, old: line };
  for (const line of right) if (!left.includes(line)) yield { path, new: line };
}

function text(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : maskText(JSON.stringify(value));
}
