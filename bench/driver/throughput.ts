/** How fast a job's output comes through: a file in the task, printed by a stage and by plain ssh. */
import type { Section } from "../lib/benchmark";
import { against } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { each, type Sample } from "./measure";
import { onTask } from "./on-task";
import { plainSsh } from "./plain-ssh";

/** In bytes: 100 MB of lines of 80. */
const size = 100_000_000;
const output = "/tmp/bench-output";

export function throughput(bed: Bed, rounds: number): Promise<Section> {
  const { measure, signal } = bed;
  const script = bed.file("printing-script", `#!/usr/bin/env bash\ncat ${output}\n`);
  return onTask(bed, async (job, access) => {
    await measure(plainSsh(access, `yes '${"x".repeat(79)}' | head -c ${size} > ${output}`));
    const samples = await interleave(
      {
        driver: async () => complete(await measure(job.run(script))),
        ssh: async () => complete(await measure(plainSsh(access, `cat ${output}`))),
      },
      { rounds, signal },
    );
    const name = "plain ssh";
    const rate = (values: Sample[]) => each(values, "wallMs").map((ms) => size / 1000 / ms);
    return {
      title: `Output of ${size / 1e6} MB`,
      measurements: [
        against("rate", "MB/s", rate(samples.driver), { name, values: rate(samples.ssh) }),
        against("CPU time on the host", "ms", each(samples.driver, "cpuMs"), { name, values: each(samples.ssh, "cpuMs") }),
        against("peak memory on the host", "MiB", each(samples.driver, "peakMiB"), { name, values: each(samples.ssh, "peakMiB") }),
      ],
      notes: ["Each takes the cipher that its two sides prefer; the time includes connecting."],
    };
  });
}

function complete(sample: Sample): Sample {
  if (sample.outputBytes !== size) throw new Error(`${sample.outputBytes} bytes of output came, not ${size}`);
  return sample;
}
