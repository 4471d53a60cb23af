/** Temporary credentials of roles, in the form in which instances and tasks are given them. */
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
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

/** Answers a role's credentials, the same ones as long as they are good. */
export function createCredentials(moto: Moto): (roleArn: string, session: string) => Promise<RoleCredentials> {
  const issued = new Map<string, RoleCredentials>();
  return async (roleArn, session) => {
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
    return credentials;
  };
}
