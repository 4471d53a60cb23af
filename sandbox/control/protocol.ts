/** What the CLI and the daemon say to each other over the control socket. */
import * as path from "node:path";
import { stateDir } from "../config";
import type { Hits, SshTrouble, StartDelays, TaskFault } from "../aws";
import type { JobResult, MergeRequestOptions } from "../gitlab";

export const controlSocket = path.join(stateDir, "control.sock");

/** Body of POST /pipelines; the answer is a stream of PipelineEvent, one JSON document a line. */
export interface PipelineRequest {
  /** Group whose `demo` project runs the pipeline, as "acme/backend". */
  group: string;
  /** Absolute path of the CI file. */
  ciFile: string;
  variables?: Record<string, string>;
  /** The folder's content goes to this branch, and the pipeline is that of its merge request. */
  mergeRequest?: MergeRequestOptions;
}

export type PipelineEvent =
  | { type: "job"; id: number; name: string; status: string }
  /** The job waits on; the message says for what. */
  | { type: "stuck"; name: string; message: string }
  | { type: "trace"; name: string; chunk: string }
  /** The last one. `failed`: the pipeline's own verdict, which knows what may fail. */
  | { type: "result"; failed: boolean; result: RunResult }
  | { type: "error"; message: string };

/**
 * Body of POST /faults: what goes wrong from now on, or right again; "none": nothing, for calls and tasks to come. Tasks
 * are named by ARN, times are in ms, the notice of an interruption in seconds.
 */
export type FaultRequest =
  | { fault: "none" }
  | ({ fault: "throttle"; action: string } & Hits)
  | ({ fault: "lose-answer"; action: string; delay: number } & Hits)
  | ({ fault: "exhaust"; capacityProvider: "FARGATE" | "FARGATE_SPOT" } & Hits)
  | ({ fault: "stale"; behind: number } & Hits)
  | ({ fault: "slow-start" } & StartDelays)
  | { fault: "late-iam"; delay: number }
  | { fault: "vcpu-quota"; vcpus: number }
  | ({ fault: "trouble-ssh" } & SshTrouble)
  | { fault: "interrupt-spot"; task: string; notice?: number }
  | { fault: TaskFault; task: string }
  | { fault: "cut-power"; instanceId: string }
  | { fault: "expire-registry-passwords" };

/** The document that `run --json` writes. Times are in seconds. */
export interface RunResult {
  jobs: JobResult[];
  tasks: TaskCounts;
}

export interface TaskCounts {
  started: number;
  stopped: number;
  running: number;
}

/** Answer of GET /status. */
export interface Status {
  /** The daemon's on this machine; it is another one within the sandbox. */
  pid: number;
  /** The clone that started it. */
  project: string;
  /** It goes when the command goes that started it (npm start); otherwise it stays up until it is taken down. */
  lease: boolean;
  endpoints: { aws: string; gitlab: string };
  debugProviders: string;
  /** Address of the page that shows the sandbox, for a browser on this machine. */
  page: string;
  tasks: TaskCounts;
  hosts: { instanceId: string; address: string; state: string }[];
  runners: { id: number; description: string; contacted: boolean }[];
}
