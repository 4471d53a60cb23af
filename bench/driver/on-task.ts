/** A task of the driver's for as long as something is measured in it. */
import type { Bed } from "./bed";
import type { DriverJob } from "./driver-job";
import type { TaskAccess } from "./plain-ssh";

export async function onTask<Result>(
  { newJob, measure }: Pick<Bed, "newJob" | "measure">,
  work: (job: DriverJob, access: TaskAccess) => Promise<Result>,
): Promise<Result> {
  const job = newJob();
  await measure(job.prepare);
  try {
    return await work(job, job.access());
  } finally {
    await measure(job.cleanup);
  }
}
