/** Records for a page, without a sandbox. */
import type { AwsCall, TaskView } from "../../../sandbox/aws";
import type { PipelineView, RunnerView } from "../../../sandbox/gitlab";
import type { Sources } from "../../../sandbox/page/snapshot";

/** What the page's sources say, as a test has it. */
export interface Records {
  tasks: TaskView[];
  runners: RunnerView[];
  pipelines: PipelineView[];
  calls: AwsCall[];
  /** Logs by job. */
  logs: Record<number, Buffer>;
}

export function recordsAndSources(given: Partial<Records> = {}): { records: Records; sources: Sources } {
  const records: Records = { tasks: [], runners: [], pipelines: [], calls: [], logs: {}, ...given };
  const log = (job: number) => {
    const bytes = records.logs[job];
    return bytes && { size: bytes.length, read: (from: number, max: number) => bytes.subarray(from, from + max) };
  };
  return {
    records,
    sources: {
      aws: { calls: () => records.calls, tasks: { list: () => records.tasks }, hosts: { list: () => [] } },
      gitlab: { runners: () => records.runners, pipelines: () => records.pipelines, log },
    },
  };
}

export const task = (id: string, over: Partial<TaskView> = {}): TaskView => ({
  taskArn: `arn:aws:ecs:us-east-1:123456789012:task/jobs/${id}`,
  lastStatus: "RUNNING",
  desiredStatus: "RUNNING",
  states: [{ state: "RUNNING", at: 0 }],
  group: "family:job",
  cpu: 1024,
  memory: 2048,
  ...over,
});

/** A pipeline of one job, number 1, which runs. */
export const pipelineOf = (name: string): PipelineView => ({
  ...{ id: 1, project: "acme/backend/demo", ref: "main", status: "running", createdAt: 0 },
  jobs: [
    {
      ...{ id: 1, name, stage: "test", status: "running", allowFailure: false, failureReason: null, exitCode: null },
      ...{ attempt: 0, retried: false, runnerId: null, queuedAt: 0, startedAt: 0, finishedAt: null },
    },
  ],
});

export const startedBy = (job: number) => `gitlab/runner-1/job-${job}/0123456789abcdef`;
