/** Random tokens in GitLab's formats (https://docs.gitlab.com/security/tokens/#token-prefixes). */
import { randomBytes, timingSafeEqual } from "node:crypto";

export const runnerToken = () => `glrt-${randomBytes(15).toString("base64url")}`;
export const jobToken = () => `glcbt-${randomBytes(15).toString("base64url")}`;
export const queueVersion = () => randomBytes(16).toString("hex");

/** Prefixes that the runner masks in every trace, wherever the token comes from. */
export const maskedPrefixes = ["glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glimt-", "glft-", "glptt-"];

export function sameToken(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
