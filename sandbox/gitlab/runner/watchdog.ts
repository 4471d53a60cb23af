/** Ends jobs that nobody else will end, and says which wait for a runner that is not there. */
import type { Job } from "../model";
import { finishJob } from "../pipeline/schedule";
import { isActive, type State } from "../state";
import { jobView } from "../views";
import { stuckReason } from "./stuck";

/** All in ms. */
export interface Patience {
  /** Beyond the job's own timeout, which the runner enforces itself. */
  overtime: number;
  /** Without a word about a running job; the runner reports every 30 s even where there is nothing new (GitLab: 1 h). */
  silence: number;
  /** For a pending job without a runner that is online and may take it, until it fails (GitLab: 1 h). */
  stuck: number;
  /** Until it is said that such a job is stuck: a runner that has just been deployed gets to make its first request. */
  told: number;
  /** A runner of which nothing was heard for so long is offline (GitLab: 2 h). Longer than a request is held. */
  offline: number;
}

export const defaultPatience: Patience = {
  overtime: 120_000,
  silence: 300_000,
  stuck: 600_000,
  told: 5_000,
  offline: 60_000,
};

/** How often it is looked, in ms. */
const interval = 2_000;

/** Why the job has to end now, undefined where it may go on. */
function overdue(state: State, job: Job): string | undefined {
  const { patience } = state;
  if (isActive(job)) {
    if (since(state, job.startedAt) > job.timeout * 1000 + patience.overtime) return "job_execution_timeout";
    if (since(state, job.seenAt ?? job.startedAt) > patience.silence) return "stuck_or_timeout_failure";
  }
  const waitedLong = job.status === "pending" && since(state, job.queuedAt) > patience.stuck;
  return waitedLong && stuckReason(state, job) ? "stuck_or_timeout_failure" : undefined;
}

/** Emits "stuck" on the job's pipeline, once, where no runner can take the job. */
function tellStuck(state: State, job: Job): void {
  if (job.status !== "pending" || job.stuckTold || since(state, job.queuedAt) < state.patience.told) return;
  const reason = stuckReason(state, job);
  if (!reason) return;
  job.stuckTold = true;
  job.pipeline.events.emit("stuck", jobView(job), reason);
}

const since = (state: State, date: Date | null) => (date ? state.clock.now() - date.getTime() : 0);

/** Returns a function that ends the watch. */
export function startWatchdog(state: State): () => void {
  return state.clock.every(interval, () => {
    for (const job of [...state.jobs.values()]) {
      tellStuck(state, job);
      const failureReason = overdue(state, job);
      if (!failureReason) continue;
      state.log(`job ${job.id} (${job.definition.name}) fails: ${failureReason}`);
      finishJob(state, job, { status: "failed", failureReason });
    }
  });
}
