/** Temporary credentials of roles, as instances and tasks are given them, and as whoever assumes a role gets them. */
import type { IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, type STSClient } from "@aws-sdk/client-sts";
import { assumedRole, type Principal } from "./iam/principal";
import { requireTrust } from "./iam/trust";

export interface RoleCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  /** ISO 8601. */
  Expiration: string;
}

/** Credentials are replaced when less than this is left of them, in milliseconds. */
const margin = 10 * 60_000;

export interface Credentials {
  /** A role's credentials for a service, the same ones as long as they are good. @throws AccessDenied */
  issue(roleArn: string, session: string, service: string): Promise<RoleCredentials>;
  /**
   * STS is asked for a role's credentials by the owner of an access key. To be called with moto's answer.
   * @throws AccessDenied, UnsupportedPolicy
   */
  assume(accessKeyId: string, form: URLSearchParams): Promise<(answer: string) => void>;
  /** Whose an access key is; undefined for one that no role has. */
  principal(accessKeyId: string): Principal | undefined;
}

export function createCredentials(sts: Pick<STSClient, "send">, iam: Pick<IAMClient, "send">): Credentials {
  const issued = new Map<string, RoleCredentials>();
  // Of replaced credentials too: they stay good until they expire.
  const principals = new Map<string, Principal>();

  async function issue(roleArn: string, session: string, service: string): Promise<RoleCredentials> {
    const key = `${roleArn} ${session}`;
    const known = issued.get(key);
    if (known && Date.parse(known.Expiration) - Date.now() > margin) return known;
    await requireTrust(iam, roleArn, { service });
    const { Credentials: fresh } = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: session, DurationSeconds: 3600 }),
    );
    const credentials = {
      AccessKeyId: fresh!.AccessKeyId!,
      SecretAccessKey: fresh!.SecretAccessKey!,
      Token: fresh!.SessionToken!,
      Expiration: fresh!.Expiration!.toISOString(),
    };
    issued.set(key, credentials);
    principals.set(credentials.AccessKeyId, assumedRole(roleArn, session));
    return credentials;
  }
  async function assume(accessKeyId: string, form: URLSearchParams): Promise<(answer: string) => void> {
    const session = principals.get(accessKeyId);
    const roleArn = form.get("RoleArn") ?? "";
    await requireTrust(iam, roleArn, session ? { session } : "administrator");
    const taken = assumedRole(roleArn, form.get("RoleSessionName") ?? "", form.get("Policy") ?? undefined);
    return (answer) => {
      const [, key] = /<AccessKeyId>([^<]+)</.exec(answer) ?? [];
      if (key !== undefined) principals.set(key, taken);
    };
  }
  return {
    issue,
    assume,
    principal: (accessKeyId) => principals.get(accessKeyId),
  };
}
