/** The one place where the stand-in's records are kept and found; ids count up as GitLab's do. */
import { EventEmitter } from "node:events";
import { systemClock, type Clock } from "./clock";
import { fixture, type Namespaces } from "./fixture";
import type { Job, MergeRequest, PipelineRecord, Runner } from "./model";
import type { Patience } from "./runner/watchdog";
import { sameToken } from "./tokens";

export interface State extends Namespaces {
  url: string;
  stateDir: string;
  patience: Patience;
  clock: Clock;
  runners: Map<number, Runner>;
  pipelines: Map<number, PipelineRecord>;
  jobs: Map<number, Job>;
  mergeRequests: MergeRequest[];
  /**
   * "queued" (Job): a job became pending; "runner" (Runner): a runner was changed or removed;
   * "close": the server ends.
   */
  events: EventEmitter;
  nextId(kind: "runner" | "pipeline" | "job" | "mergeRequest" | "note"): number;
  log: (line: string) => void;
}

type Options = Pick<State, "stateDir" | "patience" | "log"> & Partial<Pick<State, "clock">>;

export function createState({ clock = systemClock, ...options }: Options): State {
  const counters = { runner: 0, pipeline: 0, job: 0, mergeRequest: 0, note: 0 };
  const events = new EventEmitter();
  events.setMaxListeners(0);
  return {
    ...fixture(),
    ...options,
    clock,
    url: "",
    runners: new Map(),
    pipelines: new Map(),
    jobs: new Map(),
    mergeRequests: [],
    events,
    nextId: (kind) => ++counters[kind],
  };
}

export function runnerByToken(state: State, token: string): Runner | undefined {
  return [...state.runners.values()].find((runner) => sameToken(runner.token, token));
}

/** The running job whose token this is. */
export function jobByToken(state: State, token: string): Job | undefined {
  return [...state.jobs.values()].find((job) => isActive(job) && sameToken(job.token, token));
}

/** A runner has the job. */
export const isActive = (job: Job) => job.status === "running" || job.status === "canceling";
/** Nothing will happen to the job any more. */
export const isEnded = (job: Job) => ["success", "failed", "canceled", "skipped"].includes(job.status);
