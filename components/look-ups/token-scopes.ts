/**
 * Whether the token of GitLab's provider has the scopes that a deployment takes. One that only reads passes all other
 * look-ups, and would fail in the middle of a deployment. GitLab tells any personal access token about itself, whatever
 * its scopes, and those of groups and projects are such tokens, of bot users. Other tokens (OAuth, a job's) are refused
 * with 400 or 401, and nothing is said of them:
 * https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/api/personal_access_tokens/self_information.rb
 */
import { readFileSync } from "node:fs";
import type * as undici from "undici";
import { setToken, type GitLabAccess } from "../settings/gitlab-access";
import type { Entry } from "../settings/settings";

/** A personal access token, as far as it tells what it may do. */
interface Self {
  scopes?: unknown;
}

/** What each scope is for, in the order of the documentation; `api` holds all of them. */
const purposes = {
  create_runner: "to make runners",
  manage_runner: "to change and remove them",
  read_api: "to look up groups and projects",
};

/** Milliseconds, of a GitLab that the provider reaches at the same time, and of which it tells what is wrong. */
const patience = 10_000;

/** @returns what to say of the token, where there is something. Never rejects. */
export async function scopeTrouble(entries: readonly Entry[], access: GitLabAccess): Promise<string | undefined> {
  const made = entries.filter(({ token }) => token === undefined);
  if (made.length === 0 || access.token === undefined) return undefined;
  const missing = missingScopes(made, await scopesOf(access).catch(() => undefined));
  if (missing.length === 0) return undefined;
  const told = missing.map((scope) => `${scope}, ${purposes[scope]}`).join("; ");
  return `gitlab:token: it has not got ${missing.length === 1 ? "the scope" : "the scopes"} ${told}; ${setToken}`;
}

/** Of a fine-grained token ("granular") nobody knows by its scopes what it may do. */
export function missingScopes(
  made: readonly Pick<Entry, "kind">[],
  scopes: readonly string[] | undefined,
): (keyof typeof purposes)[] {
  if (scopes === undefined || scopes.includes("api") || scopes.includes("granular")) return [];
  const looksUp = made.some(({ kind }) => kind !== "instance");
  const needed = ["create_runner", "manage_runner", ...(looksUp ? ["read_api" as const] : [])] as const;
  return needed.filter((scope) => !scopes.includes(scope));
}

async function scopesOf({ url, token, cacertFile, insecure }: GitLabAccess): Promise<string[] | undefined> {
  // Only here: to load it takes longer than all checks of settings.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { EnvHttpProxyAgent, fetch } = require("undici") as typeof undici;
  const tls = {
    ...(cacertFile !== undefined && { ca: readFileSync(cacertFile, "utf8") }),
    ...(insecure && { rejectUnauthorized: false }),
  };
  const dispatcher = new EnvHttpProxyAgent({ connect: tls, requestTls: tls });
  try {
    const response = await fetch(`${url}/api/v4/personal_access_tokens/self`, {
      headers: { "private-token": token! },
      // Nobody else gets the token.
      redirect: "error",
      signal: AbortSignal.timeout(patience),
      dispatcher,
    });
    if (!response.ok) return undefined;
    const { scopes } = (await response.json()) as Self;
    return Array.isArray(scopes) ? scopes.map(String) : undefined;
  } finally {
    // The program's process ends when nothing is open any more.
    await dispatcher.destroy();
  }
}
