/** Moves jobs through their states: which may start, what a failure means, when the pipeline is over. */
import type { Job, JobStatus, PipelineRecord } from "../model";
import { Trace } from "../runner/trace";
import { isActive, isEnded, type State } from "../state";
import { jobToken } from "../tokens";
import type { JobDefinition } from "./definition";
import { predecessors } from "./dependencies";
import { failureAllowed, retries } from "./retry";
import { compositeStatus, isThrough, mayRun } from "./status";
import { jobView } from "../views";

export function createJob(state: State, pipeline: PipelineRecord, definition: JobDefinition, attempt = 0): Job {
  const job: Job = {
    id: state.nextId("job"),
    definition,
    pipeline,
    status: "created",
    token: jobToken(),
    attempt,
    retried: false,
    allowFailure: definition.allowFailure === true,
    failureReason: null,
    exitCode: null,
    createdAt: new Date(state.clock.now()),
    queuedAt: null,
    startedAt: null,
    finishedAt: null,
    timeout: definition.timeout ?? pipeline.project.buildTimeout,
    runner: null,
    systemId: null,
    cancelGracefully: false,
    seenAt: null,
    endTold: false,
    stuckTold: false,
    trace: new Trace(),
    artifacts: new Map(),
    dotenv: {},
  };
  job.trace.onText = (text) => pipeline.events.emit("trace", definition.name, text);
  state.jobs.set(job.id, job);
  pipeline.jobs.push(job);
  return job;
}

/** Starts or skips the jobs whose turn it is, again and again until nothing moves; ends the pipeline when all is done. */
export function advance(state: State, pipeline: PipelineRecord): void {
  const decided = () =>
    pipeline.jobs.filter((job) => job.status === "created").filter((job) => decide(state, job)).length > 0;
  while (decided());
  const latest = pipeline.jobs.filter((job) => !job.retried);
  const waiting = latest.some((job) => job.status === "pending" || isActive(job));
  // What is still "created" now waits for a manual job that nobody plays.
  if (!waiting && !pipeline.ended) {
    pipeline.ended = true;
    pipeline.events.emit("end", compositeStatus(latest));
  }
}

function decide(state: State, job: Job): boolean {
  const before = predecessors(job);
  if (!before.every(isThrough)) return false;
  const dag = job.definition.needs !== undefined && job.definition.needs.length > 0;
  const { when } = job.definition;
  if (!mayRun(when, compositeStatus(before, dag), dag)) setStatus(state, job, "skipped");
  else if (when === "manual") setStatus(state, job, "manual");
  else enqueue(state, job);
  return true;
}

function enqueue(state: State, job: Job): void {
  job.queuedAt = new Date(state.clock.now());
  setStatus(state, job, "pending");
  state.events.emit("queued", job);
}

export function setStatus(state: State, job: Job, status: JobStatus): void {
  job.status = status;
  if (isEnded(job)) job.finishedAt = new Date(state.clock.now());
  job.pipeline.events.emit("job", jobView(job));
}

export interface Outcome {
  status: "success" | "failed" | "canceled";
  failureReason?: string;
  exitCode?: number | null;
}

/** Ends a job that a runner has had, or that none will get; a failed one may be tried again. */
export function finishJob(state: State, job: Job, outcome: Outcome): void {
  if (isEnded(job)) return;
  // Whatever a job that is being cancelled comes to, it counts as cancelled.
  const status = job.status === "canceling" ? "canceled" : outcome.status;
  job.exitCode = status === "success" ? 0 : (outcome.exitCode ?? null);
  const reason = outcome.failureReason ?? "unknown_failure";
  job.failureReason = status === "failed" ? reason : null;
  if (status === "failed") job.allowFailure = failureAllowed(job.definition.allowFailure, job.exitCode);
  const failure = { attempt: job.attempt, reason, exitCode: job.exitCode };
  const again = status === "failed" && retries(job.definition.retry, failure);
  job.trace.end();
  job.retried = again;
  setStatus(state, job, status);
  if (again) enqueue(state, createJob(state, job.pipeline, job.definition, job.attempt + 1));
  advance(state, job.pipeline);
}

/**
 * Cancels as GitLab does: a job without a runner at once, one with a runner by way of `canceling`, so that after_script
 * runs; without that where the runner doesn't know how, or where `force` is set.
 */
export function cancelJob(state: State, job: Job, { force = false } = {}): void {
  if (isEnded(job)) return;
  if (isActive(job) && job.cancelGracefully && !force) {
    if (job.status === "running") setStatus(state, job, "canceling");
    return;
  }
  finishJob(state, job, { status: "canceled" });
}
