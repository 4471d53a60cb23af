/** Whether a policy document grants more than the one before it. */
import { isRecord, isUnknown, type Value } from "./values";

/** "unknown": the new document is known after the deployment only. */
export type Widening = "wider" | "same or narrower" | "unknown";

/**
 * Compares what two documents allow, statement by statement: a grant (action, resource, principal) is new unless a
 * statement of the old document covers it under the same or weaker conditions. What cannot be read counts as wider.
 */
export function compareGrants(old: Value | undefined, after: Value | undefined): Widening {
  if (after === undefined) return "same or narrower";
  if (isUnknown(after)) return "unknown";
  const before = grantsOf(old);
  const grants = grantsOf(after);
  if (grants === undefined) return "wider";
  const denials = denialsOf(old).filter((denial) => !denialsOf(after).includes(denial));
  if (denials.length > 0) return "wider";
  return grants.every((grant) => before?.some((known) => covers(known, grant))) ? "same or narrower" : "wider";
}

interface Grant {
  action: string;
  resource: string;
  principal: string;
  /** Canonical JSON; "{}" where there is none. */
  condition: string;
}

function grantsOf(document: Value | undefined): Grant[] | undefined {
  const all = statements(document)?.filter(({ Effect }) => Effect === "Allow");
  return all?.flatMap((statement) => {
    // What is granted by exception grants an unbounded rest.
    const actions = statement.NotAction === undefined ? list(statement.Action) : ["*"];
    const resources = statement.NotResource === undefined ? list(statement.Resource ?? "*") : ["*"];
    const principals = statement.NotPrincipal === undefined ? principalsOf(statement.Principal) : ["*"];
    const condition = canonical(statement.Condition ?? {});
    return actions.flatMap((action) =>
      resources.flatMap((resource) =>
        principals.map((principal) => ({ action: action.toLowerCase(), resource, principal, condition })),
      ),
    );
  });
}

const denialsOf = (document: Value | undefined): string[] =>
  (statements(document) ?? []).filter(({ Effect }) => Effect === "Deny").map(({ Sid: _, ...rest }) => canonical(rest));

function statements(document: Value | undefined): Record<string, Value>[] | undefined {
  let parsed: Value | undefined = document;
  if (typeof document === "string") {
    try {
      parsed = JSON.parse(document) as Value;
    } catch {
      return undefined;
    }
  }
  if (!isRecord(parsed)) return undefined;
  const found = Array.isArray(parsed.Statement) ? parsed.Statement : [parsed.Statement];
  return found.every(isRecord) ? (found as Record<string, Value>[]) : undefined;
}

const covers = (known: Grant, grant: Grant): boolean =>
  matches(known.action, grant.action) &&
  matches(known.resource, grant.resource) &&
  matches(known.principal, grant.principal) &&
  (known.condition === "{}" || known.condition === grant.condition);

/** Whether everything that the second pattern names is named by the first. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .split(/([*?])/)
    .map((part) => (part === "*" ? ".*" : part === "?" ? "[^*]" : escape(part)));
  return new RegExp(`^${expression.join("")}$`, "s").test(text);
}

const escape = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

const list = (value: Value | undefined): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");

function principalsOf(value: Value | undefined): string[] {
  if (value === undefined) return [""];
  if (!isRecord(value)) return list(value);
  return Object.entries(value).flatMap(([kind, names]) => list(names).map((name) => `${kind}:${name}`));
}

function canonical(value: Value): string {
  return JSON.stringify(value, (_, one: unknown) =>
    isRecord(one as Value)
      ? Object.fromEntries(Object.entries(one as object).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
