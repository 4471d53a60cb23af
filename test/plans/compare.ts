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
const explained: { where: RegExp; what: RegExp; reason: string }[] = [
  {
    where: /^aws:ec2\/instance:Instance /,
    what: /^real: replace \((.*instanceType.*)\); stand-in: replace for instanceType \(\1\)$/,
    reason: "the bridge names no property where the provider asks EC2 whether an instance has to be replaced",
  },
  {
    where: /^aws:ec2\/instance:Instance /,
    what: /^real: update \((tags, )?vpcSecurityGroupIds\); stand-in: (nothing|update \(tags\))$/,
    reason: "moto forgets which groups an instance was given with its network interface",
  },
];

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
export function tableOf(rows: Row[]): string {
  const cells = rows.map(({ name, steps, differences, known }) => [
    ...[steps, differences.length, known.length].map((count) => String(count)),
    name,
  ]);
  const reasons = new Set(rows.flatMap(({ known }) => known));
  return [
    table([["steps", "differences", "explained", "change"], ...cells]),
    ...[...reasons].map((reason) => `explained: ${reason}`),
  ].join("\n");
}
