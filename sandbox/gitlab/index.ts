/**
 * A stand-in for a GitLab instance, for the sandbox and its tests: the REST calls that providers make about runners, the
 * runner API, git over HTTP, artifacts, and pipelines made from a file on this machine.
 *
 * Its limits: one administrator, a fixed set of groups and projects, records in memory (they end with the process), no
 * web pages, merge requests with notes and pipelines only (no diffs, approvals, threads), pushes refused (a pipeline
 * brings its commit), `rules:changes` always match, manual jobs are never played, delayed ones start
 * at once, artifacts don't expire, schedules, child pipelines, id_tokens, secrets, resource groups and `only`/`except`
 * are missing. Jobs whose runner has vanished fail after minutes instead of GitLab's hour, and a request that is held for
 * a host that has lost its power is given up within 15 seconds, where GitLab would give it a job for most of a minute.
 */
import { mkdir, rm } from "node:fs/promises";
import * as path from "node:path";
import type { Clock } from "./clock";
import { createRepositories } from "./git/repositories";
import { cancelPipeline, createPipeline, type Pipeline, type PipelineOptions } from "./pipelines";
import { cancelJob } from "./pipeline/schedule";
import { watchQueue } from "./runner/queue";
import type { Trace } from "./runner/trace";
import { defaultPatience, startWatchdog, type Patience } from "./runner/watchdog";
import type { AccessToken } from "./rest/auth";
import { createServer } from "./server";
import { createState } from "./state";
import { pipelineView, runnerView, type PipelineView, type RunnerView } from "./views";

export type { AccessToken } from "./rest/auth";
export type { MergeRequestOptions, Pipeline } from "./pipelines";
export type { JobResult, JobView, PipelineResult, PipelineView, RunnerView } from "./views";

export interface GitLabOptions {
  /** Address to listen on; also the host in all URLs that jobs and runners get. */
  host: string;
  /** 0: any free one. */
  port: number;
  /** Repositories, artifacts and checkouts; made if missing, emptied of them at the start. */
  stateDir: string;
  /** The access tokens that there are, all of one administrator. */
  accessTokens: readonly AccessToken[];
  log: (line: string) => void;
  /** When to give up on jobs, in ms. */
  patience?: Partial<Patience>;
  /** Default: this machine's. */
  clock?: Clock;
}

export interface GitLab {
  /** As http://host:port. */
  url: string;
  runners(): RunnerView[];
  createPipeline(options: PipelineOptions): Promise<Pipeline>;
  /** The latest ones, newest first. */
  pipelines(count: number): PipelineView[];
  /** A job's log, as far as it has come; undefined for an unknown job. */
  log(jobId: number): Pick<Trace, "size" | "read"> | undefined;
  /** As a user would; `force` doesn't wait for after_script. Throws for an unknown job. */
  cancelJob(jobId: number, options?: { force?: boolean }): void;
  close(): Promise<void>;
}

export async function startGitLab(options: GitLabOptions): Promise<GitLab> {
  const { host, port, stateDir, accessTokens, log, clock } = options;
  await mkdir(stateDir, { recursive: true });
  // What an earlier process left belongs to records that ended with it.
  for (const dir of ["repositories", "artifacts", "checkouts"]) {
    await rm(path.join(stateDir, dir), { recursive: true, force: true });
  }
  const state = createState({ stateDir, log, clock, patience: { ...defaultPatience, ...options.patience } });
  await createRepositories(state);
  watchQueue(state);
  const server = await createServer(state, accessTokens);
  state.url = await server.listen({ host, port });
  const stopWatchdog = startWatchdog(state);
  return {
    url: state.url,
    runners: () => [...state.runners.values()].map(runnerView),
    createPipeline: (pipeline) => createPipeline(state, pipeline),
    pipelines: (count) => [...state.pipelines.values()].slice(-count).reverse().map(pipelineView),
    log: (id) => state.jobs.get(id)?.trace,
    cancelJob: (id, how) => {
      const job = state.jobs.get(id);
      if (!job) throw new Error(`no job ${id}`);
      cancelJob(state, job, how);
    },
    close: async () => {
      stopWatchdog();
      for (const pipeline of state.pipelines.values()) if (!pipeline.ended) cancelPipeline(state, pipeline);
      state.events.emit("close");
      await server.close();
    },
  };
}
