/** The calls that gitlab-runner makes for a job, one after the other, each measured. */
import type { Bed } from "./bed";
import type { Deployed } from "./deployed";
import type { Sample } from "./measure";

export const calls = ["config", "prepare", "run", "cleanup"] as const;
export type Call = (typeof calls)[number];

export type Job = Record<Call, Sample[]>;

/**
 * @param script file that every stage runs
 * @param driver another one than the deployed
 */
export async function wholeJob(
  { measure, newJob }: Pick<Bed, "measure" | "newJob">,
  { script, stages, driver }: { script: string; stages: number; driver?: Deployed },
): Promise<Job> {
  const job = newJob(driver);
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
