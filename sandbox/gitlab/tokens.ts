/** Random tokens in GitLab's formats (https://docs.gitlab.com/security/tokens/#token-prefixes). */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { RunnerType } from "./model";

const types: Record<RunnerType, string> = { instance_type: "t1", group_type: "t2", project_type: "t3" };

/** As of GitLab 18: with the runner's type, and a routable token's dots. */
export const runnerToken = (type: RunnerType) =>
  `glrt-${types[type]}_${randomBytes(20).toString("base64url")}.01.${randomBytes(5).toString("hex").slice(1)}`;
export const jobToken = () => `glcbt-${randomBytes(15).toString("base64url")}`;
export const queueVersion = () => randomBytes(16).toString("hex");

/** Prefixes that the runner masks in every trace, wherever the token comes from. */
export const maskedPrefixes = ["glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glimt-", "glft-", "glptt-"];

export function sameToken(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
