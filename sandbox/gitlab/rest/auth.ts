/** The REST API's one user: whoever has the administrator's token. */
import type { FastifyRequest } from "fastify";
import { unauthorized } from "../errors";
import { text } from "../parameters";
import { sameToken } from "../tokens";

/** Throws 401 unless the request carries the token, as PRIVATE-TOKEN, Bearer or ?private_token=. */
export function requireAdmin(request: FastifyRequest, adminToken: string): void {
  const bearer = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const query = request.query as Record<string, unknown>;
  const token = text(request.headers["private-token"]) ?? bearer ?? text(query.private_token) ?? "";
  if (!sameToken(token, adminToken)) throw unauthorized();
}
