/** A job's calls, beside those that the driver of an earlier revision takes for the same job. */
import type { Section } from "../lib/benchmark";
import { against } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { earlierDriver } from "./earlier";
import { allStages, calls, total, wholeJob, type Call, type Job } from "./whole-job";

const stages = allStages;

export async function besideEarlier(bed: Bed, revision: string, rounds: number): Promise<Section> {
  const earlier = await earlierDriver(bed, revision);
  const script = bed.file("one-line", "#!/usr/bin/env bash\necho a line of output\n");
  const { now, then } = await interleave(
    { now: () => wholeJob(bed, { script, stages }), then: () => wholeJob(bed, { script, stages, driver: earlier }) },
    { rounds, signal: bed.signal },
  );

  const row = (name: string, figure: "wallMs" | "cpuMs", of: readonly Call[]) => {
    const values = (jobs: Job[]) => jobs.map((job) => total(job, figure, of));
    const what = `${name}, ${figure === "wallMs" ? "time" : "CPU time"}`;
    return against(what, "ms", values(now), { name: revision, values: values(then) });
  };
  return {
    title: `A job's calls with ${stages} stages, beside those of ${revision}`,
    measurements: (["wallMs", "cpuMs"] as const).flatMap((figure) => [
      row("all", figure, calls),
      ...calls.map((call) => row(`  ${call}`, figure, [call])),
    ]),
    notes: ["The time of prepare has the task's start in it, which is the same for both."],
  };
}
