/**
 * Identity-based policies as the sandbox evaluates them. What it does not evaluate (policy variables, further condition
 * operators) it refuses by name: a policy is never taken for stricter or wider than it is.
 */

export interface Policy {
  /** How messages name it. */
  name: string;
  statements: Statement[];
}

export interface Statement {
  sid: string;
  effect: "Allow" | "Deny";
  action: Patterns;
  resource: Patterns;
  conditions: Condition[];
}

/** Action or Resource; NotAction or NotResource where `not` is set. */
interface Patterns {
  not: boolean;
  patterns: string[];
}

export interface Condition {
  /** As written: "ForAllValues:StringEqualsIfExists". */
  operator: string;
  key: string;
  values: string[];
}

/** A policy that the sandbox cannot evaluate. */
export class UnsupportedPolicy extends Error {}

type Json = Record<string, unknown>;

/** @throws UnsupportedPolicy that names policy and statement */
export function parsePolicy(name: string, text: string): Policy {
  const document = JSON.parse(text) as Json;
  const statements = [document.Statement ?? []].flat() as Json[];
  return { name, statements: statements.map((statement, index) => parseStatement(name, statement, index)) };
}

function parseStatement(policy: string, statement: Json, index: number): Statement {
  const sid = String(statement.Sid ?? index);
  const refuse = (what: string) => new UnsupportedPolicy(`policy ${policy}, statement ${sid}: ${what}`);
  const { Effect: effect } = statement;
  const [variable] = /\$\{[^}]*\}?/.exec(JSON.stringify(statement)) ?? [];
  if (variable) throw refuse(`policy variables are not evaluated: ${variable}`);
  if (effect !== "Allow" && effect !== "Deny") throw refuse(`Effect is ${JSON.stringify(effect)}`);
  const patterns = (element: "Action" | "Resource"): Patterns => {
    const not = statement[element] === undefined;
    const found = list(statement[not ? `Not${element}` : element]);
    if (found.length === 0) throw refuse(`neither ${element} nor Not${element}`);
    return { not, patterns: found };
  };
  return {
    sid,
    effect,
    action: patterns("Action"),
    resource: patterns("Resource"),
    conditions: conditionsOf(statement),
  };
}

export const conditionsOf = ({ Condition = {} }: Json): Condition[] =>
  Object.entries(Condition as Record<string, Json>).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({ operator, key, values: list(values) })),
  );

/** IAM answers documents URL-encoded; moto does for some calls. */
export const decoded = (document = "{}") => (document.startsWith("%7B") ? decodeURIComponent(document) : document);

export const list = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String));
