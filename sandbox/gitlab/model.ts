/** What the GitLab stand-in knows: groups, projects, runners, pipelines, jobs. All of it lives in memory. */
import type { EventEmitter } from "node:events";
import type { JobDefinition, PipelineDefinition } from "./pipeline/definition";
import type { Trace } from "./runner/trace";

export interface Group {
  id: number;
  name: string;
  path: string;
  fullPath: string;
  parent?: Group;
}

export interface Project {
  id: number;
  name: string;
  path: string;
  fullPath: string;
  group: Group;
  defaultBranch: string;
  /** The project's own job timeout, in seconds (GitLab's default: one hour). */
  buildTimeout: number;
}

export type RunnerType = "instance_type" | "group_type" | "project_type";

export interface Runner {
  id: number;
  token: string;
  tokenExpiresAt: Date | null;
  type: RunnerType;
  group?: Group;
  project?: Project;
  description: string;
  tags: string[];
  runUntagged: boolean;
  locked: boolean;
  paused: boolean;
  accessLevel: "not_protected" | "ref_protected";
  /** In seconds; null where the runner sets no bound. */
  maximumTimeout: number | null;
  maintenanceNote: string | null;
  createdAt: Date;
  contactedAt: Date | null;
  /** One per `.runner_system_id` that has shown up with the token. */
  managers: Map<string, RunnerManager>;
  /** Changes whenever a job may have become available: what X-GitLab-Last-Update carries. */
  queueVersion: string;
}

interface RunnerManager {
  systemId: string;
  version: string;
  revision: string;
  platform: string;
  architecture: string;
  executor: string;
  contactedAt: Date;
}

export type JobStatus =
  "created" | "pending" | "running" | "canceling" | "success" | "failed" | "canceled" | "skipped" | "manual";

export interface ArtifactFile {
  type: string;
  format: string;
  filename: string;
  /** Where it lies on this machine. */
  file: string;
  /** In bytes. */
  size: number;
}

export interface Job {
  id: number;
  definition: JobDefinition;
  pipeline: PipelineRecord;
  status: JobStatus;
  /** The job's CI_JOB_TOKEN; good while the job runs, and only then. */
  token: string;
  /** 0 for the first attempt. */
  attempt: number;
  /** Another attempt has taken this one's place. */
  retried: boolean;
  /** Whether a failure leaves the pipeline green: decided by the exit code where exit codes are listed. */
  allowFailure: boolean;
  failureReason: string | null;
  exitCode: number | null;
  createdAt: Date;
  queuedAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Effective once a runner has the job, in seconds. */
  timeout: number;
  runner: Runner | null;
  systemId: string | null;
  /** The runner said that it can end a job gracefully (running after_script). */
  cancelGracefully: boolean;
  /** Last time the runner said something about this job. */
  seenAt: Date | null;
  /** The runner has said that the job is over, and is to say it again. */
  endTold: boolean;
  /** Whoever watches the pipeline knows that no runner can take the job as things are. */
  stuckTold: boolean;
  trace: Trace;
  artifacts: Map<string, ArtifactFile>;
  /** From artifacts:reports:dotenv. */
  dotenv: Record<string, string>;
}

export interface PipelineRecord {
  id: number;
  iid: number;
  project: Project;
  ref: string;
  sha: string;
  beforeSha: string;
  commit: CommitInfo;
  /** Of a pipeline for a merge request. */
  mergeRequest?: MergeRequest;
  definition: PipelineDefinition;
  /** Given by whoever started the pipeline; they win over the file's. */
  variables: Record<string, string>;
  createdAt: Date;
  jobs: Job[];
  events: EventEmitter;
  ended: boolean;
}

export interface MergeRequest {
  /** GitLab's `iid`: counted per project. */
  iid: number;
  id: number;
  project: Project;
  sourceBranch: string;
  targetBranch: string;
  title: string;
  description: string;
  labels: string[];
  state: "opened" | "merged";
  notes: Note[];
}

export interface Note {
  id: number;
  body: string;
  createdAt: Date;
  updatedAt: Date;
}

export interface CommitInfo {
  title: string;
  message: string;
  author: string;
  timestamp: string;
}

/** The user in whose name everything happens. */
export const user = { id: 1, username: "root", name: "Administrator", email: "admin@example.com" } as const;
export const version = { version: "19.4.0-ee", revision: "sandbox" } as const;
