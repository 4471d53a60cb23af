/** What GitLab's page of a job says while no runner can take it (app/assets/javascripts/ci/job_details in its source). */
import type { Job } from "../model";
import type { State } from "../state";
import { isAssigned, isOnline, serves } from "./queue";

const noMatch =
  "This job is stuck because of one of the following problems. There are no active runners online, no runners for the " +
  "protected branch, or no runners that match all of the job's tags:";
const noneOnline = "This job is stuck because the project doesn't have any runners online assigned to it.";
const noneActive = "This job is stuck because you don't have any active runners that can run this job.";

/** GitLab's sentence, undefined where a runner is there that can take the pending job. */
export function stuckReason(state: State, job: Job): string | undefined {
  const active = [...state.runners.values()].filter((runner) => !runner.paused);
  if (active.some((runner) => isOnline(state, runner) && serves(runner, job))) return undefined;
  const { tags } = job.definition;
  if (tags.length) return `${noMatch} ${tags.join(" ")}`;
  return active.some((runner) => isAssigned(runner, job.pipeline.project)) ? noneOnline : noneActive;
}
