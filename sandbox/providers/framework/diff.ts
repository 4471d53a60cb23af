/** Compares two sets of inputs property by property, the way the engine shows and plans changes. */
import { isArchive, isAsset, isObject, UNKNOWN, type Path, type Props, type Value } from "./values";

type ChangeKind = "add" | "update" | "delete";

export interface Change {
  path: Path;
  kind: ChangeKind;
}

/** Remembers in the inputs which properties got a generated value; never itself a change. */
export const DEFAULTS_KEY = "__defaults";

/** All differences, deepest properties first named; an asset counts by its content's hash, not by where it lies. */
export function diffProperties(olds: Props, news: Props, ignored: readonly string[] = []): Change[] {
  const changes: Change[] = [];
  for (const key of unionOfKeys(olds, news)) {
    if (key !== DEFAULTS_KEY && !ignored.includes(key)) compare([key], olds[key], news[key], changes);
  }
  return changes;
}

function compare(path: Path, old: Value | undefined, fresh: Value | undefined, changes: Change[]): void {
  const before = old ?? undefined;
  const after = fresh ?? undefined;
  if (before === after) return;
  if (before === undefined) changes.push({ path, kind: "add" });
  else if (after === undefined) changes.push({ path, kind: "delete" });
  else if (after === UNKNOWN || before === UNKNOWN) changes.push({ path, kind: "update" });
  else if ((isAsset(before) && isAsset(after)) || (isArchive(before) && isArchive(after))) {
    if (before.hash !== after.hash) changes.push({ path, kind: "update" });
  } else if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      compare([...path, index], before[index], after[index], changes);
    }
  } else if (isObject(before) && isObject(after)) {
    for (const key of unionOfKeys(before, after)) compare([...path, key], before[key], after[key], changes);
  } else {
    changes.push({ path, kind: "update" });
  }
}

function unionOfKeys(a: Props, b: Props): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

/** Writes a path in the engine's syntax: `a.b[0]["c.d"]`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}
