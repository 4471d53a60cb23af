/** Finds what is dangerous in a change set. */
import { compare, type Change } from "./changes";
import { dangerRules } from "./danger-rules";
import type { Meaning } from "./meaning";

export interface Danger {
  id: string;
  title: string;
  subject: string;
  urn: string;
  means: string;
  lasts: string;
  acknowledge: boolean;
}

/** In the order of the rules, which is that of their weight. */
export function dangersOf(meanings: Meaning[], all: Change[]): Danger[] {
  const found = meanings.flatMap(({ change, subject }) =>
    dangerRules.flatMap((rule, order) => {
      if (!rule.type.test(change.type) || !rule.ops.includes(change.op) || rule.when?.(change, all) === false)
        return [];
      const { id, title, means, lasts, toldOnly = false } = rule;
      return [{ order, danger: { id, title, subject, urn: change.urn, means, lasts, acknowledge: !toldOnly } }];
    }),
  );
  return found
    .sort(
      (a, b) =>
        Number(b.danger.acknowledge) - Number(a.danger.acknowledge) ||
        a.order - b.order ||
        compare(a.danger.subject, b.danger.subject),
    )
    .map(({ danger }) => danger);
}
