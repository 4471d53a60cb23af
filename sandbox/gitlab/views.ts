/** What callers of the stand-in see of its records: plain copies, without tokens. */
import type { Job, JobStatus, PipelineRecord, Runner, RunnerType } from "./model";
import { compositeStatus } from "./pipeline/status";

export interface RunnerView {
  id: number;
  description: string;
  type: RunnerType;
  /** Full path of the group or project, undefined for an instance runner. */
  scope?: string;
  tags: string[];
  runUntagged: boolean;
  locked: boolean;
  paused: boolean;
  accessLevel: "not_protected" | "ref_protected";
  /** In seconds. */
  maximumTimeout: number | null;
  maintenanceNote: string | null;
  /** Whether a runner process has used the token. */
  contacted: boolean;
  contactedAt: Date | null;
  managers: number;
}

export interface JobView {
  id: number;
  name: string;
  stage: string;
  status: JobStatus;
  allowFailure: boolean;
  failureReason: string | null;
  exitCode: number | null;
  attempt: number;
  retried: boolean;
  runnerId: number | null;
}

/** A pipeline as it is now. Times are in ms since the epoch. */
export interface PipelineView {
  id: number;
  /** Full path. */
  project: string;
  ref: string;
  status: JobStatus;
  createdAt: number;
  jobs: (JobView & { queuedAt: number | null; startedAt: number | null; finishedAt: number | null })[];
}

/** One job of a finished pipeline. */
export interface JobResult {
  name: string;
  status: JobStatus;
  /** The script's; 0 after success, null where no script ended. */
  exit_code: number | null;
  /** How often it was run: more than once where `retry` says so. The rest is the last attempt's. */
  attempts: number;
  failure_reason: string | null;
  /** Seconds from pending to handed out; null where that never happened. */
  queued_s: number | null;
  /** Seconds from handed out to finished. */
  duration_s: number | null;
  trace: string;
}

export interface PipelineResult {
  id: number;
  status: JobStatus;
  jobs: JobResult[];
}

export function runnerView(runner: Runner): RunnerView {
  const { id, description, type, tags, runUntagged, locked, paused, accessLevel } = runner;
  return {
    ...{ id, description, type, runUntagged, locked, paused, accessLevel },
    scope: runner.group?.fullPath ?? runner.project?.fullPath,
    tags: [...tags],
    maximumTimeout: runner.maximumTimeout,
    maintenanceNote: runner.maintenanceNote,
    contacted: runner.contactedAt !== null,
    contactedAt: runner.contactedAt,
    managers: runner.managers.size,
  };
}

export function jobView(job: Job): JobView {
  const { id, status, allowFailure, failureReason, exitCode, attempt, retried } = job;
  const { name, stage } = job.definition;
  return {
    id,
    name,
    stage,
    status,
    allowFailure,
    failureReason,
    exitCode,
    attempt,
    retried,
    runnerId: job.runner?.id ?? null,
  };
}

export function pipelineView({ id, project, ref, createdAt, jobs }: PipelineRecord): PipelineView {
  const time = (date: Date | null) => date && date.getTime();
  return {
    ...{ id, ref, project: project.fullPath, createdAt: createdAt.getTime() },
    status: compositeStatus(jobs.filter(({ retried }) => !retried)),
    jobs: jobs.map((job) => ({
      ...jobView(job),
      queuedAt: time(job.queuedAt),
      startedAt: time(job.startedAt),
      finishedAt: time(job.finishedAt),
    })),
  };
}

export function jobResult(job: Job): JobResult {
  return {
    name: job.definition.name,
    status: job.status,
    exit_code: job.exitCode,
    attempts: job.attempt + 1,
    failure_reason: job.failureReason,
    queued_s: seconds(job.queuedAt, job.startedAt),
    duration_s: seconds(job.startedAt, job.finishedAt),
    trace: job.trace.text(),
  };
}

function seconds(from: Date | null, to: Date | null): number | null {
  return from && to ? (to.getTime() - from.getTime()) / 1000 : null;
}
