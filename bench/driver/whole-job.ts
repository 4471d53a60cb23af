/** The calls that gitlab-runner makes for a job, one after the other, each measured. */
import type { Bed, JobOptions } from "./bed";
import type { Sample } from "./measure";

export const calls = ["config", "prepare", "run", "cleanup"] as const;
export type Call = (typeof calls)[number];

/** Of a job with sources, cache and artifacts, before and after its script. */
export const allStages = 9;

export type Job = Record<Call, Sample[]>;

/** @param script file that every stage runs */
export async function wholeJob(
  { measure, newJob }: Pick<Bed, "measure" | "newJob">,
  { script, stages, ...options }: { script: string; stages: number } & JobOptions,
): Promise<Job> {
  const job = newJob(options);
  const config = [await measure(job.config)];
  const prepare = [await measure(job.prepare)];
  const run: Sample[] = [];
  const cleanup: Sample[] = [];
  try {
    for (let stage = 0; stage < stages; stage++) run.push(await measure(job.run(script)));
  } finally {
    cleanup.push(await measure(job.cleanup));
  }
  return { config, prepare, run, cleanup };
}

/** One figure of several calls, added up. */
export const total = (job: Job, figure: keyof Sample, of: readonly Call[] = calls): number =>
  of.flatMap((call) => job[call]).reduce((sum, sample) => sum + sample[figure], 0);
