/** Lists in pages, with GitLab's X- headers. */
import type { FastifyReply, FastifyRequest } from "fastify";

export function page<T>(request: FastifyRequest, reply: FastifyReply, items: T[]): FastifyReply {
  const query = request.query as Record<string, unknown>;
  const number = (value: unknown, fallback: number) =>
    /^[1-9]\d{0,5}$/.test(String(value)) ? Number(value) : fallback;
  const perPage = Math.min(number(query.per_page, 20), 100);
  const current = number(query.page, 1);
  const pages = Math.max(1, Math.ceil(items.length / perPage));
  return reply
    .header("X-Total", items.length)
    .header("X-Total-Pages", pages)
    .header("X-Per-Page", perPage)
    .header("X-Page", current)
    .header("X-Next-Page", current < pages ? current + 1 : "")
    .send(items.slice((current - 1) * perPage, current * perPage));
}
