/** What a whole job costs its host: CPU time and memory of each call, and the calls to AWS. */
import { eachOnce } from "../../components/each-once";
import type { Section } from "../lib/benchmark";
import { against, plainly, type Measurement } from "../lib/report";
import { interleave } from "../lib/rounds";
import { median } from "../lib/stats";
import type { Bed } from "./bed";
import { each, type Sample } from "./measure";
import { onTask } from "./on-task";
import { plainSsh } from "./plain-ssh";
import { calls, total, wholeJob, type Call, type Job } from "./whole-job";

/** Those that gitlab-runner runs for any job: prepare_script, get_sources, build_script, cleanup_file_variables. */
const stages = 4;

interface Round extends Job {
  aws: Record<string, number>;
}

export async function jobCosts(bed: Bed, rounds: number): Promise<Section> {
  const { measure, signal, endpoint } = bed;
  const script = bed.file("job-script", "#!/usr/bin/env bash\ntrue\n");

  async function round(): Promise<Round> {
    endpoint.take();
    const job = await wholeJob(bed, { script, stages });
    return { ...job, aws: endpoint.take() };
  }

  const { driver, ssh } = await onTask(bed, (_, access) =>
    interleave({ driver: round, ssh: () => measure(plainSsh(access, "true")) }, { rounds, signal }),
  );
  const plain = (figure: keyof Sample) => ({ name: "one plain ssh", values: each(ssh, figure) });
  const whole = driver.map((round) => total(round, "cpuMs"));
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

function awsCalls(counts: Record<string, number>[]): Measurement[] {
  const actions = eachOnce(counts.flatMap((count) => Object.keys(count)));
  return actions.map((action) =>
    plainly(
      `${action} per job`,
      "calls",
      counts.map((count) => count[action] ?? 0),
    ),
  );
}
