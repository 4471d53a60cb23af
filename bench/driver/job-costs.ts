/** What a whole job costs its host: CPU time and memory of each call, and the calls to AWS. */
import type { Section } from "../lib/benchmark";
import { against, plainly, type Measurement } from "../lib/report";
import { interleave } from "../lib/rounds";
import { median } from "../lib/stats";
import type { Bed } from "./bed";
import { each, type Sample } from "./measure";
import { onTask } from "./on-task";
import { plainSsh } from "./plain-ssh";

/** Those that gitlab-runner runs for any job: prepare_script, get_sources, build_script, cleanup_file_variables. */
const stages = 4;

const calls = ["config", "prepare", "run", "cleanup"] as const;
type Call = (typeof calls)[number];

interface Round extends Record<Call, Sample[]> {
  aws: Record<string, number>;
}

export async function jobCosts(bed: Bed, rounds: number): Promise<Section> {
  const { measure, signal, endpoint } = bed;
  const script = bed.file("job-script", "#!/usr/bin/env bash\ntrue\n");

  async function wholeJob(): Promise<Round> {
    const job = bed.newJob();
    endpoint.take();
    const config = [await measure(job.config)];
    const prepare = [await measure(job.prepare)];
    const run: Sample[] = [];
    const cleanup: Sample[] = [];
    try {
      for (let stage = 0; stage < stages; stage++) run.push(await measure(job.run(script)));
    } finally {
      cleanup.push(await measure(job.cleanup));
    }
    return { config, prepare, run, cleanup, aws: endpoint.take() };
  }

  const { driver, ssh } = await onTask(bed, (_, access) =>
    interleave({ driver: wholeJob, ssh: () => measure(plainSsh(access, "true")) }, { rounds, signal }),
  );
  const plain = (figure: keyof Sample) => ({ name: "one plain ssh", values: each(ssh, figure) });
  const whole = driver.map((round) => sum(calls.flatMap((call) => each(round[call], "cpuMs"))));
  const cpu = (call: Call) => driver.map((round) => median(each(round[call], "cpuMs")));
  const peak = (call: Call) => driver.map((round) => Math.max(...each(round[call], "peakMiB")));
  return {
    title: "A job's calls: CPU time, peak memory, calls to AWS",
    measurements: [
      ...calls.map((call) => against(`${call}, CPU time`, "ms", cpu(call), plain("cpuMs"))),
      against(
        `a job with ${stages} stages, CPU time`,
        "ms",
        whole,
        plain("cpuMs"),
      ),
      ...calls.map((call) => against(`${call}, peak memory`, "MiB", peak(call), plain("peakMiB"))),
      ...awsCalls(driver.map(({ aws }) => aws)),
    ],
    notes: [
      "DescribeTasks is called again until the task runs: a task takes a moment here, half a minute and more on Fargate.",
    ],
  };
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

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
