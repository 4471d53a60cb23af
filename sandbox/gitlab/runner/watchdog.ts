/** Ends jobs that nobody else will end: too long running, silent, or without a runner that could take them. */
import type { Job } from "../model";
import { finishJob } from "../pipeline/schedule";
import { isActive, type State } from "../state";
import { serves } from "./queue";

/** All in ms. */
export interface Patience {
  /**
   * Without a word about a job whose connection broke after it was handed out; the runner's first report comes after
   * 3 s. Then the job goes to the next runner (GitLab leaves it stuck).
   */
  delivery: number;
  /** Beyond the job's own timeout, which the runner enforces itself. */
  overtime: number;
  /** Without a word about a running job; the runner reports every 30 s even where there is nothing new (GitLab: 1 h). */
  silence: number;
  /** For a pending job without a runner that is online and may take it (GitLab: 1 h). */
  stuck: number;
  /** A runner that has not asked for jobs for so long is offline (GitLab: 2 h). */
  offline: number;
}

export const defaultPatience: Patience = {
  delivery: 15_000,
  overtime: 120_000,
  silence: 300_000,
  stuck: 600_000,
  offline: 120_000,
};

/** Why the job has to end now, undefined where it may go on. */
function overdue(state: State, job: Job, now = Date.now()): string | undefined {
  const { patience } = state;
  const since = (date: Date | null) => (date ? now - date.getTime() : 0);
  if (isActive(job)) {
    if (since(job.startedAt) > job.timeout * 1000 + patience.overtime) return "job_execution_timeout";
    if (since(job.seenAt ?? job.startedAt) > patience.silence) return "stuck_or_timeout_failure";
  }
  if (job.status === "pending" && since(job.queuedAt) > patience.stuck) {
    const online = [...state.runners.values()].some(
      (runner) =>
        !runner.paused && runner.contactedAt && since(runner.contactedAt) < patience.offline && serves(runner, job),
    );
    if (!online) return "stuck_or_timeout_failure";
  }
  return undefined;
}

/** Returns a function that ends the watch. */
export function startWatchdog(state: State): () => void {
  const interval = Math.max(100, Math.min(5_000, ...Object.values(state.patience).map((value) => value / 4)));
  const timer = setInterval(() => {
    for (const job of [...state.jobs.values()]) {
      const failureReason = overdue(state, job);
      if (!failureReason) continue;
      state.log(`job ${job.id} (${job.definition.name}) fails: ${failureReason}`);
      finishJob(state, job, { status: "failed", failureReason });
    }
  }, interval);
  timer.unref();
  return () => clearInterval(timer);
}
