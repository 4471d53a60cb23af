/** What the page shows of a sandbox: its records as they are now, without anything secret. */
import type { Aws, AwsCall, HostView, TaskView } from "../aws";
import type { GitLab, PipelineView, RunnerView } from "../gitlab";

export interface Snapshot {
  hosts: HostView[];
  runners: Pick<RunnerView, "id" | "description" | "scope" | "tags" | "paused" | "contacted">[];
  /** Newest first. */
  pipelines: PipelineView[];
  /** Newest first. `job`: the one that it was started for. */
  tasks: (TaskView & { job?: number })[];
  /** Those that are no job's, newest first. */
  calls: AwsCall[];
}

/** What is shown at most of each: it is sent anew whenever something changes. */
const shown = { pipelines: 20, tasks: 200, calls: 50 };

/** What of the sandbox the page looks at. */
export interface Sources {
  aws: Pick<Aws, "calls"> & { tasks: Pick<Aws["tasks"], "list">; hosts: Pick<Aws["hosts"], "list"> };
  gitlab: Pick<GitLab, "runners" | "pipelines" | "log">;
}

export function snapshotOf({ aws, gitlab }: Sources): Snapshot {
  const calls = aws.calls().filter(({ startedBy }) => jobOf(startedBy) === undefined);
  return {
    hosts: aws.hosts.list(),
    runners: gitlab.runners().map(({ id, description, scope, tags, paused, contacted }) => {
      return { id, description, scope, tags, paused, contacted };
    }),
    pipelines: gitlab.pipelines(shown.pipelines),
    tasks: latest(aws.tasks.list(), shown.tasks).map((task) => ({ ...task, job: jobOf(task.startedBy) })),
    calls: latest(calls, shown.calls),
  };
}

/** A job's calls, oldest first. */
export const callsOf = ({ aws }: Sources, job: number): AwsCall[] =>
  aws.calls().filter(({ startedBy }) => jobOf(startedBy) === job);

/** The job whose task this is: the driver says so to ECS. */
function jobOf(startedBy = ""): number | undefined {
  const [, id] = /^gitlab\/runner-\w+\/job-(\d+)\//.exec(startedBy) ?? [];
  return id === undefined ? undefined : Number(id);
}

const latest = <T>(list: T[], count: number): T[] => list.slice(-count).reverse();
