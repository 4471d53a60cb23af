/** A job's calls, beside those that the driver of an earlier revision takes for the same job. */
import type { Section } from "../lib/benchmark";
import { against } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { earlierDriver } from "./earlier";
import { withSlowStart } from "./slow-start";
import { allStages, calls, total, wholeJob, type Call, type Job } from "./whole-job";

const stages = allStages;

export async function besideEarlier(bed: Bed, revision: string, rounds: number): Promise<Section> {
  const earlier = await earlierDriver(bed, revision);
  const script = bed.file("one-line", "#!/usr/bin/env bash\necho a line of output\n");
  const contestants = {
    now: () => wholeJob(bed, { script, stages }),
    then: () => wholeJob(bed, { script, stages, driver: earlier }),
  };
  const { now, then } = await withSlowStart(() => interleave(contestants, { rounds, signal: bed.signal }));

  const row = (name: string, figure: "wallMs" | "cpuMs", of: readonly Call[]) => {
    const ofEcs = (job: Job) => (figure === "wallMs" && of.includes("prepare") ? job.startMs : 0);
    const values = (jobs: Job[]) => jobs.map((job) => total(job, figure, of) - ofEcs(job));
    const what = `${name}, ${figure === "wallMs" ? "time" : "CPU time"}`;
    return against(what, "ms", values(now), { name: revision, values: values(then) });
  };
  return {
    title: `A job's calls with ${stages} stages, beside those of ${revision}`,
    measurements: (["wallMs", "cpuMs"] as const).flatMap((figure) => [
      row("all", figure, calls),
      ...calls.map((call) => row(`  ${call}`, figure, [call])),
    ]),
    notes: ["The time of prepare is without what ECS took from RunTask until it called the task RUNNING."],
  };
}
