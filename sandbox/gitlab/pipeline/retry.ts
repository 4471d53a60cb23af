/**
 * Whether GitLab runs a failed job again (https://docs.gitlab.com/ci/yaml/#retry), by the rules of
 * https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/gitlab/ci/build/auto_retry.rb.
 */
import type { Retry } from "./definition";

/** Failures that no second attempt can mend: GitLab never retries them, whatever the file says. */
const neverRetried = [
  "ci_quota_exceeded",
  "no_matching_runner",
  "missing_dependency_failure",
  "forward_deployment_failure",
  "environment_creation_failure",
];
/** Retries that GitLab grants where the file's `retry` says nothing of the failure. */
const granted: Record<string, number> = { scheduler_failure: 2 };

export interface Failure {
  /** 0 for the first attempt. */
  attempt: number;
  reason: string;
  exitCode: number | null;
}

export function retries(retry: Retry, failure: Failure): boolean {
  return failure.attempt < retriesAllowed(retry, failure);
}

function retriesAllowed(retry: Retry, { reason, exitCode }: Failure): number {
  if (neverRetried.includes(reason)) return 0;
  // Without `when`, any reason will do, unless exit codes are named: then nothing but these.
  const reasons = retry.when ?? (retry.exitCodes ? [] : ["always"]);
  const meant = reasons.includes("always") || reasons.includes(reason);
  const codeMeant = exitCode !== null && (retry.exitCodes?.includes(exitCode) ?? false);
  const max = meant || codeMeant ? retry.max : undefined;
  return max ?? granted[reason] ?? 0;
}

/** Whether the pipeline stays green although the job failed. */
export function failureAllowed(allowFailure: boolean | number[], exitCode: number | null): boolean {
  if (typeof allowFailure === "boolean") return allowFailure;
  return exitCode !== null && allowFailure.includes(exitCode);
}
