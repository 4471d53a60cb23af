/** Whether GitLab runs a failed job again (https://docs.gitlab.com/ci/yaml/#retry). */
import type { Retry } from "./definition";

export function retries(
  retry: Retry,
  failure: { attempt: number; reason: string | null; exitCode: number | null },
): boolean {
  if (failure.attempt >= retry.max) return false;
  if (failure.exitCode !== null && retry.exitCodes.includes(failure.exitCode)) return true;
  // Exit codes alone replace the default, which is "always".
  const reasons = retry.when ?? (retry.exitCodes.length ? [] : ["always"]);
  return reasons.includes("always") || (failure.reason !== null && reasons.includes(failure.reason));
}

/** Whether the pipeline stays green although the job failed. */
export function failureAllowed(allowFailure: boolean | number[], exitCode: number | null): boolean {
  if (typeof allowFailure === "boolean") return allowFailure;
  return exitCode !== null && allowFailure.includes(exitCode);
}
