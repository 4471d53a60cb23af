/** The calls that gitlab-runner makes for a job, one after the other, each measured. */
import { DescribeTasksCommand } from "@aws-sdk/client-ecs";
import type { Bed, JobOptions } from "./bed";
import type { Sample } from "./measure";

export const calls = ["config", "prepare", "run", "cleanup"] as const;
export type Call = (typeof calls)[number];

/** Of a job with sources, cache and artifacts, before and after its script. */
export const allStages = 9;

export type Job = Record<Call, Sample[]> & {
  /** What ECS took from RunTask until it called the task RUNNING, in ms: a part of prepare that is not the driver's. */
  startMs: number;
};

/** @param script file that every stage runs */
export async function wholeJob(
  { measure, newJob, ecs, deployed }: Pick<Bed, "measure" | "newJob" | "ecs" | "deployed">,
  { script, stages, ...options }: { script: string; stages: number } & JobOptions,
): Promise<Job> {
  const job = newJob(options);
  const config = [await measure(job.config)];
  const prepare = [await measure(job.prepare)];
  const run: Sample[] = [];
  const cleanup: Sample[] = [];
  let startMs: number;
  try {
    const { Cluster: cluster } = deployed.fargateToml.Fargate as { Cluster: string };
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [job.arn()] }));
    startMs = tasks![0].startedAt!.getTime() - tasks![0].createdAt!.getTime();
    for (let stage = 0; stage < stages; stage++) run.push(await measure(job.run(script)));
  } finally {
    cleanup.push(await measure(job.cleanup));
  }
  return { config, prepare, run, cleanup, startMs };
}

/** One figure of several calls, added up. */
export const total = (job: Job, figure: keyof Sample, of: readonly Call[] = calls): number =>
  of.flatMap((call) => job[call]).reduce((sum, sample) => sum + sample[figure], 0);
