/**
 * The time of a merge request's preview job, split into its parts, on the sandbox: from the job's being handed out to its
 * end, in a Fargate task.
 */
import { addEntries } from "../../automation/stack-file";
import { stackName } from "../../sandbox/config";
import { createFleetProject, type FleetProject, type PipelineOutcome } from "../../test/support/fleet-project";
import type { Benchmark, BenchmarkOptions, Section } from "../lib/benchmark";
import { plainly } from "../lib/report";
import { withSandbox } from "../lib/sandbox";

export const preview: Benchmark = {
  summary: "a merge request's preview job, by its parts",
  onSandbox: true,
  run: (options) => withSandbox(options.signal, () => sections(options)),
};

async function* sections({ rounds, signal, say }: BenchmarkOptions): AsyncGenerator<Section> {
  const fleet = await createFleetProject();
  try {
    // A job takes half a minute.
    yield await measure(fleet, Math.ceil(rounds / 4), signal, say);
  } finally {
    await fleet.close();
  }
}

async function measure(
  fleet: FleetProject,
  rounds: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Section> {
  fleet.edit((text) => addEntries(text, "groups", [{ path: "acme/frontend" }]));
  fleet.setPipeline(pipeline);
  const samples: Record<string, number[]> = {};
  // The first round fills the page cache and is not counted.
  for (let round = 0; round <= rounds && !signal.aborted; round++) {
    say(`preview job, round ${round} of ${rounds}`);
    const outcome = await fleet.run({ mergeRequest: { branch: "add-frontend" } });
    if (outcome.failed) throw new Error(`the preview job failed:\n${outcome.log}`);
    if (round === 0) continue;
    for (const [what, seconds] of Object.entries(partsOf(outcome))) (samples[what] ??= []).push(seconds);
  }
  return {
    title: "preview job of a merge request that adds a group",
    measurements: Object.entries(samples).map(([what, values]) => plainly(what, "s", values)),
    notes: [
      "The archive of tools stands for what a job image holds already, or for npm ci with a filled cache.",
      "The providers are the sandbox's, started by the job; real plugins are started by the engine.",
      "A task starts in about a second here; Fargate takes half a minute or more.",
    ],
  };
}

/** In µs, by bash itself: Alpine's date knows no fractions of a second. */
const stamp = (name: string) => `echo "mark ${name}=\${EPOCHREALTIME/[.,]/}"`;

const pipeline = (beforeScript: string[]) => ({
  stages: ["preview"],
  preview: {
    stage: "preview",
    script: [
      stamp("script"),
      ...beforeScript.slice(0, 3),
      stamp("tools"),
      ...beforeScript.slice(3),
      stamp("providers"),
      `node --import tsx bench/preview/timed-preview.ts ${stackName}`,
      stamp("end"),
    ],
  },
});

/** Seconds of each part, in order; together they are the job. */
function partsOf({ jobs, log }: Pick<PipelineOutcome, "jobs" | "log">): Record<string, number> {
  const marks = Object.fromEntries([...log.matchAll(/^mark (\w+)=(\d+)/gm)].map(([, name, us]) => [name, Number(us)]));
  const inner = JSON.parse(/^parts (\{.*\})/m.exec(log)![1]) as Record<string, number>;
  const seconds = (from: string, to: string) => (marks[to] - marks[from]) / 1e6;
  const job = jobs[0].duration_s!;
  const script = seconds("script", "end");
  const preview = Object.entries(inner).map(([name, ms]) => [`preview: ${name}`, ms / 1000]);
  return {
    "task, sources, clean-up": job - script,
    "archive of tools": seconds("script", "tools"),
    "providers' start": seconds("tools", "providers"),
    ...Object.fromEntries(preview),
    "the whole job": job,
  };
}
