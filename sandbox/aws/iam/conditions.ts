/**
 * Conditions of policies: string, ARN, Boolean and Null operators, with IfExists and set operators.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { matches, matchesArn } from "./patterns";
import { UnsupportedPolicy, type Condition } from "./policy";

/** What is known of a request; names are the same in upper and lower case. A list is a key of many values. */
export type Context = Record<string, string | string[]>;

type Test = (actual: string, expected: string) => boolean;

const same: Test = (actual, expected) => actual === expected;
const sameIgnoringCase: Test = (actual, expected) => actual.toLowerCase() === expected.toLowerCase();
const like: Test = (actual, expected) => matches(expected, actual);
const sameArn: Test = (actual, expected) => matchesArn(expected, actual);

const tests: Record<string, { test: Test; negated?: true }> = {
  StringEquals: { test: same },
  StringNotEquals: { test: same, negated: true },
  StringEqualsIgnoreCase: { test: sameIgnoringCase },
  StringNotEqualsIgnoreCase: { test: sameIgnoringCase, negated: true },
  StringLike: { test: like },
  StringNotLike: { test: like, negated: true },
  ArnEquals: { test: sameArn },
  ArnNotEquals: { test: sameArn, negated: true },
  ArnLike: { test: sameArn },
  ArnNotLike: { test: sameArn, negated: true },
  Bool: { test: sameIgnoringCase },
};

/** Whether a condition holds. @throws UnsupportedPolicy for an operator that is not evaluated */
export function holds({ operator, key, values }: Condition, context: Context): boolean {
  const actual = lookUp(context, key);
  if (operator === "Null") return values.includes(String(actual === undefined));
  const [, set, base = "", ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const { test, negated = false } = tests[base] ?? {};
  if (!test) throw new UnsupportedPolicy(`condition operator ${operator} is not evaluated`);
  if (actual === undefined) return ifExists !== undefined || set === "ForAllValues" || (negated && set === undefined);
  const fits = (one: string) => values.some((expected) => test(one, expected)) !== negated;
  if (set === "ForAllValues") return actual.every(fits);
  if (set === "ForAnyValue") return actual.some(fits);
  if (actual.length > 1)
    throw new UnsupportedPolicy(`${key} has many values: ${operator} needs ForAllValues or ForAnyValue`);
  return fits(actual[0]!);
}

/** The values of a key; undefined where the request has none. */
function lookUp(context: Context, key: string): string[] | undefined {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  const values = found === undefined ? [] : [found].flat();
  return values.length === 0 ? undefined : values;
}
