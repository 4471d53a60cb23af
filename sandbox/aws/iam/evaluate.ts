/**
 * Whether policies allow an action: an explicit deny wins, then identity-based policies, the permissions boundary and the
 * session's policy must all allow it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 *
 * Limit: service control policies are not evaluated, resource-based ones where they are of buckets (s3/bucket-policies.ts).
 */
import { holds, type Context } from "./conditions";
import { matchesAction, matchesArn } from "./patterns";
import { UnsupportedPolicy, type Policy, type Statement } from "./policy";

/** One permission that a call needs. */
export interface Permission {
  /** "ecs:RunTask" */
  action: string;
  /** An ARN, or "*" for an action that knows no resources. */
  resource: string;
  context: Context;
}

export interface Policies {
  identity: Policy[];
  /** Absent: no boundary. */
  boundary?: Policy;
  /** Absent: the session has none. */
  session?: Policy;
}

export interface Decision {
  allowed: boolean;
  /** Why not, as AWS's messages end: "because no identity-based policy allows the ecs:RunTask action". */
  reason: string;
}

/** @throws UnsupportedPolicy where a policy holds what is not evaluated */
export function evaluate({ identity, boundary, session }: Policies, permission: Permission): Decision {
  const kinds = [
    { policies: identity, one: "an identity-based policy", no: "no identity-based policy" },
    ...(boundary ? [{ policies: [boundary], one: "a permissions boundary", no: "no permissions boundary" }] : []),
    ...(session ? [{ policies: [session], one: "a session policy", no: "no session policy" }] : []),
  ].map((kind) => ({ ...kind, effects: effectsOf(kind.policies, permission) }));

  const denying = kinds.find(({ effects }) => effects.has("Deny"));
  if (denying) return { allowed: false, reason: `with an explicit deny in ${denying.one}` };
  const silent = kinds.find(({ effects }) => !effects.has("Allow"));
  if (silent) return { allowed: false, reason: `because ${silent.no} allows the ${permission.action} action` };
  return { allowed: true, reason: "" };
}

/** The effects of all statements that apply. @throws UnsupportedPolicy */
export function effectsOf(policies: Policy[], permission: Permission): Set<Statement["effect"]> {
  const effects = new Set<Statement["effect"]>();
  for (const { name, statements } of policies) {
    for (const statement of statements) {
      try {
        if (applies(statement, permission)) effects.add(statement.effect);
      } catch (error) {
        if (!(error instanceof UnsupportedPolicy)) throw error;
        throw new UnsupportedPolicy(`policy ${name}, statement ${statement.sid}: ${error.message}`, { cause: error });
      }
    }
  }
  return effects;
}

function applies({ action, resource, conditions }: Statement, permission: Permission): boolean {
  return (
    action.patterns.some((pattern) => matchesAction(pattern, permission.action)) !== action.not &&
    resource.patterns.some((pattern) => matchesArn(pattern, permission.resource)) !== resource.not &&
    conditions.every((condition) => holds(condition, permission.context))
  );
}
