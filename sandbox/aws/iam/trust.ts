/**
 * Who may take a role, by its trust policy, and whom a policy of a resource means.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
import { GetRoleCommand, type IAMClient } from "@aws-sdk/client-iam";
import { accountId } from "../../config";
import { AccessDenied } from "./authorizer";
import { holds } from "./conditions";
import { matchesAction } from "./patterns";
import { conditionsOf, decoded, list, UnsupportedPolicy } from "./policy";
import type { Principal } from "./principal";

/** A service, a role's session, or an administrator of the account, who has no role. */
export type Taker = { service: string } | { session: Principal } | "administrator";

type Json = Record<string, unknown>;

/** @throws AccessDenied, also where there is no such role; UnsupportedPolicy */
export async function requireTrust(iam: Pick<IAMClient, "send">, roleArn: string, taker: Taker): Promise<void> {
  const found = await iam.send(new GetRoleCommand({ RoleName: roleArn.split("/").pop() })).catch((error: Error) => {
    if (!error.name.startsWith("NoSuchEntity")) throw error;
    return undefined;
  });
  const statements = statementsFor(decoded(found?.Role?.AssumeRolePolicyDocument), taker);
  const effects = statements.filter(letsTakeRoles).map(({ Effect }) => Effect);
  if (effects.includes("Allow") && !effects.includes("Deny")) return;
  const who = taker === "administrator" ? administratorArn : nameOf(taker);
  throw new AccessDenied(`User: ${who} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`);
}

export const administratorArn = `arn:aws:iam::${accountId}:user/administrator`;

const nameOf = (taker: Exclude<Taker, string>) => ("service" in taker ? taker.service : taker.session.arn);

const letsTakeRoles = (statement: Json): boolean =>
  list(statement.Action).some((pattern) => matchesAction(pattern, "sts:AssumeRole")) &&
  conditionsOf(statement).every((condition) => holds(condition, { "aws:PrincipalAccount": accountId }));

/** The statements of a policy whose principals include somebody. @throws UnsupportedPolicy */
export function statementsFor(policy: string, taker: Taker): Json[] {
  const { Statement = [] } = JSON.parse(policy) as Json;
  return ([Statement].flat() as Json[]).filter(({ Principal = {}, NotPrincipal }) => {
    if (NotPrincipal !== undefined) throw new UnsupportedPolicy("NotPrincipal is not evaluated");
    const { AWS, Service } = (Principal === "*" ? { AWS: "*" } : Principal) as Json;
    return taker !== "administrator" && "service" in taker
      ? list(Service).includes(taker.service)
      : list(AWS).some((one) => identitiesOf(taker).includes(one));
  });
}

/** What a trust policy may call somebody. */
function identitiesOf(taker: Exclude<Taker, { service: string }>): string[] {
  const anybody = ["*", accountId, `arn:aws:iam::${accountId}:root`];
  return taker === "administrator" ? anybody : [...anybody, taker.session.roleArn, taker.session.arn];
}
