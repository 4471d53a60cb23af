/** Temporary credentials of roles, as instances and tasks are given them, and as whoever assumes a role gets them. */
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { assumedRole, type Principal } from "./iam/principal";
import type { Moto } from "./moto";

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
  /** A role's credentials, the same ones as long as they are good. */
  issue(roleArn: string, session: string): Promise<RoleCredentials>;
  /** Somebody has got a role's credentials from moto. */
  assumed(accessKeyId: string, roleArn: string, session: string): void;
  /** Whose an access key is; undefined for one that no role has. */
  principal(accessKeyId: string): Principal | undefined;
}

export function createCredentials(moto: Pick<Moto, "sts">): Credentials {
  const issued = new Map<string, RoleCredentials>();
  // Of replaced credentials too: they stay good until they expire.
  const principals = new Map<string, Principal>();

  async function issue(roleArn: string, session: string): Promise<RoleCredentials> {
    const key = `${roleArn} ${session}`;
    const known = issued.get(key);
    if (known && Date.parse(known.Expiration) - Date.now() > margin) return known;
    const { Credentials: fresh } = await moto.sts.send(
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
  return {
    issue,
    assumed: (accessKeyId, roleArn, session) => void principals.set(accessKeyId, assumedRole(roleArn, session)),
    principal: (accessKeyId) => principals.get(accessKeyId),
  };
}
