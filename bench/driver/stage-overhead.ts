/** What one stage costs, in a task that runs: the driver's `run` against plain ssh. */
import type { Section } from "../lib/benchmark";
import { against } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
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
        against("run, time", "ms", wall(samples.driver), { name: byCommand, values: wall(samples.command) }),
        against("run, time", "ms", wall(samples.driver), { name: sameKeys, values: wall(samples.sameKeys) }),
        against("run, time", "ms", wall(samples.driver), { name: "ssh HOST bash <SCRIPT", values: wall(samples.stdin) }),
        against("run, CPU time", "ms", cpu(samples.driver), { name: byCommand, values: cpu(samples.command) }),
        against("run, CPU time", "ms", cpu(samples.driver), { name: sameKeys, values: cpu(samples.sameKeys) }),
        against("run, peak memory", "MiB", peak(samples.driver), { name: byCommand, values: peak(samples.command) }),
      ],
    };
  });
}

const wall = (samples: { wallMs: number }[]) => samples.map(({ wallMs }) => wallMs);
const cpu = (samples: { cpuMs: number }[]) => samples.map(({ cpuMs }) => cpuMs);
const peak = (samples: { peakMiB: number }[]) => samples.map(({ peakMiB }) => peakMiB);
