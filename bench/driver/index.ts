/** The driver on the sandbox, measured against plain ssh on the same tasks. What each figure means: bench/README.md. */
import { prepareForeignImages } from "../../test/support/images";
import type { Benchmark, BenchmarkOptions, Section } from "../lib/benchmark";
import { withSandbox } from "../lib/sandbox";
import { withBed, type Bed } from "./bed";
import { besideEarlier } from "./beside-earlier";
import { prepareEarlier } from "./earlier";
import { jobCosts } from "./job-costs";
import { jobStart } from "./job-start";
import { ownImage } from "./own-image";
import { runningStage } from "./running-stage";
import { sizes } from "./sizes";
import { stageOverhead } from "./stage-overhead";
import { throughput } from "./throughput";

async function* sections(bed: Bed, { rounds, against, say }: BenchmarkOptions): AsyncGenerator<Section> {
  const fewer = Math.ceil(rounds / 4);
  const steps: [string, () => Promise<Section>][] = [
    ["sizes", () => sizes(bed)],
    [`stages (${rounds} rounds)`, () => stageOverhead(bed, rounds)],
    [`jobs' calls (${fewer} rounds)`, () => jobCosts(bed, fewer)],
    [`jobs' start (${fewer} rounds)`, () => jobStart(bed, fewer)],
    ["a running stage", () => runningStage(bed)],
    [`output (${fewer} rounds)`, () => throughput(bed, fewer)],
    [`jobs with an image (${fewer} rounds)`, () => ownImage(bed, fewer)],
  ];
  if (against !== undefined) steps.push([`jobs with ${against}'s driver`, () => besideEarlier(bed, against, fewer)]);
  for (const [what, measure] of steps) {
    say(`measuring: ${what}`);
    yield await measure();
  }
}

export const driver: Benchmark = {
  summary: "the driver's calls, a job's start and its output, against plain ssh",
  onSandbox: true,
  takesRevision: true,
  prepare: async ({ against, signal, say }) => {
    await prepareForeignImages({ onProgress: () => {}, signal });
    if (against !== undefined) await prepareEarlier(against, { signal, say });
  },
  run: (options) =>
    withSandbox(options.signal, () => withBed(options.signal, (bed) => sections(bed, options))),
};
