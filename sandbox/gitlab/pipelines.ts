/** Makes pipelines from files, and shows them to the caller. */
import type { EventEmitter } from "node:events";
import { EventEmitter as Emitter } from "node:events";
import { PipelineError } from "./errors";
import { findGroup } from "./fixture";
import { commitSource } from "./git/repositories";
import { openMergeRequest, type MergeRequestOptions } from "./merge-requests";
import { copySource } from "./git/source";
import type { JobStatus, PipelineRecord, Project } from "./model";
import { expandFile } from "./pipeline/expander";
import { normalize } from "./pipeline/normalize";
import { advance, cancelJob, createJob } from "./pipeline/schedule";
import { pipelineContext } from "./pipeline/variables";
import type { State } from "./state";
import { jobResult, jobView, type JobView, type PipelineResult } from "./views";

export interface PipelineOptions {
  /** Full path of a group; its project `demo` runs the pipeline. */
  groupPath: string;
  ciFile: string;
  /** Folder that becomes the project's content where the file is called `.gitlab-ci.yml`; default: the file's. */
  sourceDir?: string;
  /** Pipeline variables: they win over those of the file. */
  variables?: Record<string, string>;
  /** The content is pushed to this branch, and the pipeline is that of its merge request, which is opened if need be. */
  mergeRequest?: MergeRequestOptions;
}

export interface Pipeline {
  id: number;
  /** The jobs as they are now, attempts that were retried included. */
  readonly jobs: JobView[];
  /**
   * "job" (JobView) at each change of status, "stuck" (JobView, GitLab's sentence) where no runner can take the job,
   * "trace" (job's name, piece of its log).
   */
  events: EventEmitter;
  /** Resolves when no job will run any more. */
  done: Promise<PipelineResult>;
  cancel(): void;
}

export type { MergeRequestOptions };

/**
 * Commits the source, expands the file and starts the pipeline. Throws PipelineError, before anything has run, where the
 * group, the file or the project's content won't do.
 */
export async function createPipeline(state: State, options: PipelineOptions): Promise<Pipeline> {
  const project = projectOf(state, options.groupPath);
  const record = await prepare(state, project, options);
  state.pipelines.set(record.id, record);
  for (const job of record.definition.jobs) createJob(state, record, job);
  const pipeline = view(state, record);
  // The caller gets to listen before the first event.
  setImmediate(() => advance(state, record));
  return pipeline;
}

/** The pipeline on its commit, without jobs yet. */
async function prepare(state: State, project: Project, options: PipelineOptions): Promise<PipelineRecord> {
  const { ciFile, sourceDir, variables = {} } = options;
  const ref = options.mergeRequest?.branch ?? project.defaultBranch;
  const checkout = await commitSource(state, project, ref, (target) => copySource({ ciFile, sourceDir, target }));
  try {
    const { sha, beforeSha, commit } = checkout;
    const mergeRequest = options.mergeRequest && openMergeRequest(state, project, options.mergeRequest);
    const origin = { project, ref, sha, beforeSha, commit, mergeRequest, createdAt: new Date() };
    const context = { ...pipelineContext({ url: state.url, ...origin }), ...variables };
    const definition = normalize(await expandFile({ checkout: checkout.dir, variables: context }));
    const id = state.nextId("pipeline");
    await checkout.publish(id);
    const events = new Emitter().setMaxListeners(0);
    return { ...origin, id, iid: id, definition, variables, jobs: [], events, ended: false };
  } finally {
    await checkout.remove();
  }
}

function projectOf(state: State, groupPath: string): Project {
  const group = findGroup(state, groupPath);
  const project = state.projects.find((candidate) => candidate.group === group);
  if (project) return project;
  const known = state.groups.map((candidate) => candidate.fullPath).join(", ");
  throw new PipelineError(`no group '${groupPath}' in the sandbox's GitLab; there are ${known}`);
}

function view(state: State, record: PipelineRecord): Pipeline {
  const done = new Promise<PipelineResult>((resolve) => {
    record.events.once("end", (status: JobStatus) => {
      const jobs = record.jobs.filter((job) => !job.retried).map(jobResult);
      resolve({ id: record.id, status, jobs });
    });
  });
  return {
    id: record.id,
    events: record.events,
    done,
    get jobs() {
      return record.jobs.map(jobView);
    },
    cancel: () => cancelPipeline(state, record),
  };
}

/** What hasn't started first, so that nothing starts in the place of what is cancelled. */
export function cancelPipeline(state: State, record: PipelineRecord): void {
  const order: JobStatus[] = ["created", "manual", "pending", "running"];
  for (const status of order) {
    for (const job of record.jobs.filter((candidate) => candidate.status === status)) cancelJob(state, job);
  }
}
