/**
 * Dangers stop the pipeline unless the merge request acknowledges them, each kind by its id: in a line of its
 * description,
 *
 *     Acknowledged: host-replaced, runner-removed
 *     Acknowledged (prod): host-replaced
 *
 * or by a label `acknowledged:host-replaced`. (Not with two colons: of GitLab's scoped labels an item has only one per
 * scope, https://docs.gitlab.com/user/project/labels/#scoped-labels.)
 */
import { eachOnce } from "../components/each-once";
import type { Danger } from "./danger";
import { dangerRules } from "./danger-rules";

export interface Acknowledgements {
  ids: string[];
  /** What is acknowledged and no rule knows: a typing error is told, not taken for consent. */
  unknown: string[];
}

const known = new Set(dangerRules.filter(({ toldOnly }) => !toldOnly).map(({ id }) => id));

/** @param stack lines that name another stack do not count */
export function acknowledgements(source: { labels: string[]; description: string }, stack: string): Acknowledgements {
  const written = [...source.description.matchAll(/^[ \t]*acknowledged(?:[ \t]*\(([^)\n]*)\))?[ \t]*:[ \t]*(.*)$/gim)]
    .filter(([, scope]) => scope === undefined || scope.split(",").some((name) => name.trim() === stack))
    .flatMap(([, , ids]) => ids.split(/[\s,]+/));
  const labelled = source.labels.flatMap((label) => /^acknowledged:(?!:)\s*(.+)$/i.exec(label)?.[1] ?? []);
  return acknowledgedIds([...written, ...labelled]);
}

export function acknowledgedIds(words: string[]): Acknowledgements {
  const all = eachOnce(words.map((word) => word.replace(/[`.;]/g, "").trim().toLowerCase()).filter(Boolean));
  return { ids: all.filter((id) => known.has(id)), unknown: all.filter((id) => !known.has(id)) };
}

/** The dangers that nobody has acknowledged. */
export function unacknowledged(dangers: Danger[], { ids }: Acknowledgements): Danger[] {
  return dangers.filter(({ id, acknowledge }) => acknowledge && !ids.includes(id));
}
