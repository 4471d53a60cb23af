/**
 * One status for several jobs, as GitLab works it out
 * (https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/gitlab/ci/status/composite.rb).
 */
import type { JobStatus } from "../model";
import type { JobWhen } from "./definition";

export interface JobOutcome {
  status: JobStatus;
  allowFailure: boolean;
}

/** `dag`: the jobs are named by `needs`, so that a skipped one counts. */
export function compositeStatus(jobs: JobOutcome[], dag = false): JobStatus {
  const found = new Set(
    jobs.map(({ status, allowFailure }) => {
      if (allowFailure && (status === "failed" || status === "canceled")) return "warning";
      if (allowFailure && status === "manual") return "ignored";
      return status;
    }),
  );
  const only = (...statuses: string[]) => [...found].every((status) => statuses.includes(status));
  const any = (...statuses: string[]) => [...found].some((status) => statuses.includes(status));
  if (found.size === 0) return "success";
  if (only("skipped", "ignored")) return any("ignored") && !dag ? "success" : "skipped";
  if (only("success", "skipped", "warning", "ignored")) return dag && any("skipped") ? "skipped" : "success";
  if (only("created", "warning", "ignored")) return "created";
  if (any("canceling")) return "canceling";
  if (only("canceled", "success", "skipped", "warning", "ignored")) return "canceled";
  if (only("pending", "created", "skipped", "warning", "ignored")) return "pending";
  if (any("running", "pending")) return "running";
  if (any("manual")) return "manual";
  if (any("created")) return "running";
  return "failed";
}

/** Whether jobs before this one are through, so that it is its turn (to run or to be skipped). */
export function isThrough({ status, allowFailure }: JobOutcome): boolean {
  return ["success", "failed", "canceled", "skipped"].includes(status) || (status === "manual" && allowFailure);
}

/** Whether a job runs after jobs that came to `before`. */
export function mayRun(when: JobWhen, before: JobStatus, dag: boolean): boolean {
  switch (when) {
    case "always":
      return true;
    case "on_failure":
      return before === "failed";
    default:
      return before === "success" || (!dag && before === "skipped");
  }
}
