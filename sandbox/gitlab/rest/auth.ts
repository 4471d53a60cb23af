/**
 * Who calls the REST API: the holder of an access token, within the token's scopes and until it expires. The scopes that
 * an endpoint takes are those of GitLab's source (allow_access_with_scope, in lib/api); to each come `api` and, for what
 * only reads, `read_api`.
 *
 * @see https://docs.gitlab.com/security/tokens/access_token_scopes/
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { expiredToken, insufficientScope, unauthorized } from "../errors";
import { user } from "../model";
import { text } from "../parameters";
import { sameToken } from "../tokens";

type Scope = "api" | "read_api" | "read_user" | "read_repository" | "create_runner" | "manage_runner";

export interface AccessToken {
  token: string;
  scopes: readonly Scope[];
  /** Default: never. */
  expiresAt?: Date;
}

/** Scopes that only some endpoints take, by the path below /api/v4. */
const narrow: { scope: Scope; path: RegExp; method?: RegExp }[] = [
  { scope: "create_runner", path: /^\/user\/runners$/, method: /^POST$/ },
  { scope: "manage_runner", path: /^\/runners\/[^/]+/ },
  { scope: "read_user", path: /^\/(user|version)$/, method: /^(GET|HEAD)$/ },
];

/** What a token tells of itself, whatever its scopes. */
const self = "/personal_access_tokens/self";

export function tokenRoutes(server: FastifyInstance, tokens: readonly AccessToken[], now: () => number): void {
  server.get(self, async (request) => {
    const { scopes, expiresAt } = caller(request, tokens, now());
    return {
      ...{ id: 1, name: "sandbox", description: null, user_id: user.id, scopes, active: true, revoked: false },
      ...{ created_at: "2020-01-01T00:00:00.000Z", expires_at: expiresAt?.toISOString().slice(0, 10) ?? null },
    };
  });
}

/** Throws 401 unless the request carries a valid token, as PRIVATE-TOKEN, Bearer or ?private_token=. */
function caller(request: FastifyRequest, tokens: readonly AccessToken[], now: number): AccessToken {
  const bearer = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const query = request.query as Record<string, unknown>;
  const given = text(request.headers["private-token"]) ?? bearer ?? text(query.private_token) ?? "";
  const found = tokens.find(({ token }) => sameToken(token, given));
  if (!found) throw unauthorized();
  if (isExpired(found, now)) throw expiredToken();
  return found;
}

/** Throws 401 as above, and 403 by the token's scopes. */
export function requireScope(request: FastifyRequest, tokens: readonly AccessToken[], now: number): void {
  const found = caller(request, tokens, now);
  const { method } = request;
  const path = request.url
    .split("?")[0]
    .replace(/^\/api\/v4/, "")
    .replace(/\/$/, "");
  if (path === self) return;
  const here = narrow.filter((one) => one.path.test(path));
  const reads = /^(GET|HEAD)$/.test(method);
  const taken = [
    ...here.filter((one) => one.method === undefined || one.method.test(method)).map(({ scope }) => scope),
    "api",
    ...(reads ? ["read_api"] : []),
  ];
  if (found.scopes.some((scope) => taken.includes(scope))) return;
  // GitLab names all scopes that the endpoint knows, whatever the method.
  throw insufficientScope([...here.map(({ scope }) => scope), "api", "read_api"]);
}

/** Whether the token is a password of git's for what may be read. */
export function readsRepositories(tokens: readonly AccessToken[], password: string, now: number): boolean {
  const found = tokens.find(({ token }) => sameToken(token, password));
  return found !== undefined && !isExpired(found, now) && /\b(api|read_repository)\b/.test(found.scopes.join(" "));
}

const isExpired = ({ expiresAt }: AccessToken, now: number) => expiresAt !== undefined && expiresAt.getTime() <= now;
