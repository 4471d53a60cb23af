/** What one stage costs, in a task that runs: the driver's `run` against plain ssh. */
import type { Section } from "../lib/benchmark";
import { against } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { each, type Sample } from "./measure";
import { onTask } from "./on-task";
import { plainSsh } from "./plain-ssh";

const line = "echo a line of output";

export function stageOverhead(bed: Bed, rounds: number): Promise<Section> {
  const { measure, signal } = bed;
  const script = bed.file("trivial-script", `#!/usr/bin/env bash\n${line}\n`);
  return onTask(bed, async (job, access) => {
    const samples = await interleave(
      {
        driver: () => measure(job.run(script)),
        command: () => measure(plainSsh(access, line)),
        stdin: () => measure(plainSsh(access, "exec bash", { stdin: script })),
        own: () => measure(plainSsh(access, line, { ownKeyExchange: true })),
      },
      { rounds, signal },
    );
    const of = (figure: keyof Sample, name: string, baseline: Sample[]) =>
      [each(samples.driver, figure), { name, values: each(baseline, figure) }] as const;
    return {
      title: "One stage in a running task: a script of one line",
      measurements: [
        against("run, time", "ms", ...of("wallMs", "ssh HOST COMMAND", samples.command)),
        against("run, time", "ms", ...of("wallMs", "ssh HOST bash <SCRIPT", samples.stdin)),
        against("run, time", "ms", ...of("wallMs", "ssh, its own key exchange", samples.own)),
        against("run, CPU time", "ms", ...of("cpuMs", "ssh HOST COMMAND", samples.command)),
        against("run, peak memory", "MiB", ...of("peakMiB", "ssh HOST COMMAND", samples.command)),
      ],
    };
  });
}
