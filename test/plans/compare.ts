/** Two plans of the same change, and what is known of how they differ. */
import { table } from "../../sandbox/report";
import { differences, type Plan } from "./plan";

export interface Row {
  name: string;
  /** Steps of the real provider's plan. */
  steps: number;
  /** Nothing that is known. */
  differences: string[];
  /** Reasons of those that are known. */
  known: string[];
}

/** Where the stand-in plans otherwise and may. */
const explained: { where: RegExp; what: RegExp; reason: string }[] = [];

export function compare(name: string, real: Plan, standIn: Plan): Row {
  const row: Row = { name, steps: Object.keys(real).length, differences: [], known: [] };
  for (const [resource, text] of Object.entries(differences(real, standIn))) {
    const known = explained.find(({ where, what }) => where.test(resource) && what.test(text));
    if (known) row.known.push(known.reason);
    else row.differences.push(`${resource}: ${text}`);
  }
  return row;
}

/** As the test prints it. */
export const tableOf = (rows: Row[]): string =>
  table([
    ["change", "steps", "differences", "explained"],
    ...rows.map(({ name, steps, differences, known }) =>
      [name, steps, differences.length, known.length].map((value) => String(value)),
    ),
  ]);
