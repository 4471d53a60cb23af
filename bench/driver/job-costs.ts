/** What a whole job costs its host: CPU time and memory of each call, and the calls to AWS. */
import type { Section } from "../lib/benchmark";
import { against, plainly, type Measurement } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { each, type Sample } from "./measure";
import { onTask } from "./on-task";
import { plainSsh } from "./plain-ssh";

/** Those that gitlab-runner runs for any job: prepare_script, get_sources, build_script, cleanup_file_variables. */
const stages = 4;

const calls = ["config", "prepare", "run", "cleanup"] as const;

interface Round extends Record<(typeof calls)[number], Sample> {
  aws: Record<string, number>;
}

export async function jobCosts(bed: Bed, rounds: number): Promise<Section> {
  const { measure, signal, endpoint } = bed;
  const script = bed.file("job-script", "#!/usr/bin/env bash\ntrue\n");

  async function wholeJob(): Promise<Round> {
    const job = bed.newJob();
    endpoint.take();
    const config = await measure(job.config);
    const prepare = await measure(job.prepare);
    let run: Sample | undefined;
    try {
      for (let stage = 0; stage < stages; stage++) run = await measure(job.run(script));
    } catch (error) {
      await measure(job.cleanup);
      throw error;
    }
    const cleanup = await measure(job.cleanup);
    return { config, prepare, run: run!, cleanup, aws: endpoint.take() };
  }

  const { driver, ssh } = await onTask(bed, (_, access) =>
    interleave({ driver: wholeJob, ssh: () => measure(plainSsh(access, "true")) }, { rounds, signal }),
  );
  const cpu = (call: (typeof calls)[number]) => driver.map((round) => round[call].cpuMs);
  const plain = { name: "one plain ssh", values: each(ssh, "cpuMs") };
  const plainPeak = { name: "one plain ssh", values: each(ssh, "peakMiB") };
  const whole = driver.map(({ config, prepare, run, cleanup }) =>
    [config, prepare, cleanup].reduce((sum, { cpuMs }) => sum + cpuMs, stages * run.cpuMs),
  );
  return {
    title: "A job's calls: CPU time, peak memory, calls to AWS",
    measurements: [
      ...calls.map((call) => against(`${call}, CPU time`, "ms", cpu(call), plain)),
      against(`a job with ${stages} stages, CPU time`, "ms", whole, plain),
      ...calls.map((call) =>
        against(
          `${call}, peak memory`,
          "MiB",
          driver.map((round) => round[call].peakMiB),
          plainPeak,
        ),
      ),
      ...awsCalls(driver.map(({ aws }) => aws)),
    ],
    notes: [
      "DescribeTasks is called again until the task runs: a task takes about a second here, half a minute and more on Fargate.",
    ],
  };
}

function awsCalls(counts: Record<string, number>[]): Measurement[] {
  const actions = [...new Set(counts.flatMap((count) => Object.keys(count)))].sort();
  return actions.map((action) =>
    plainly(
      `${action} per job`,
      "calls",
      counts.map((count) => count[action] ?? 0),
    ),
  );
}
