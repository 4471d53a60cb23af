/** Reading requests' parameters, which may be of any type, or missing. */
import type { FastifyRequest } from "fastify";

export type Parameters = Record<string, unknown>;

/** The body's fields; none where it isn't an object. */
export function bodyOf(request: FastifyRequest): Parameters {
  const { body } = request;
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body) && !Buffer.isBuffer(body);
  return isObject ? (body as Parameters) : {};
}

/** A string that isn't empty. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
