/** What one stage costs, in a task that runs: the driver's `run` against plain ssh. */
import type { Section } from "../lib/benchmark";
import { against } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { each } from "./measure";
import { onTask } from "./on-task";
import { plainSsh } from "./plain-ssh";

/** What the driver and the image's sshd agree on; two OpenSSH take one that is safe from quantum computers, and slower. */
const keyExchange = "curve25519-sha256";

const line = "echo a line of output";

export function stageOverhead(bed: Bed, rounds: number): Promise<Section> {
  const { measure, signal } = bed;
  const script = bed.file("trivial-script", `#!/usr/bin/env bash\n${line}\n`);
  return onTask(bed, async (job, access) => {
    const samples = await interleave(
      {
        driver: () => measure(job.run(script)),
        command: () => measure(plainSsh(access, line)),
        sameKeys: () => measure(plainSsh(access, line, { options: [`KexAlgorithms=${keyExchange}`] })),
        stdin: () => measure(plainSsh(access, "exec bash", { stdin: script })),
      },
      { rounds, signal },
    );
    const byCommand = "ssh HOST COMMAND";
    const sameKeys = "the same, driver's key exchange";
    return {
      title: "One stage in a running task: a script of one line",
      measurements: [
        against("run, time", "ms", each(samples.driver, "wallMs"), { name: byCommand, values: each(samples.command, "wallMs") }),
        against("run, time", "ms", each(samples.driver, "wallMs"), { name: sameKeys, values: each(samples.sameKeys, "wallMs") }),
        against("run, time", "ms", each(samples.driver, "wallMs"), { name: "ssh HOST bash <SCRIPT", values: each(samples.stdin, "wallMs") }),
        against("run, CPU time", "ms", each(samples.driver, "cpuMs"), { name: byCommand, values: each(samples.command, "cpuMs") }),
        against("run, CPU time", "ms", each(samples.driver, "cpuMs"), { name: sameKeys, values: each(samples.sameKeys, "cpuMs") }),
        against("run, peak memory", "MiB", each(samples.driver, "peakMiB"), { name: byCommand, values: each(samples.command, "peakMiB") }),
      ],
    };
  });
}
