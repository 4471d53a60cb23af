/**
 * Preview and up of the program against the least program with the same runners (plain/), and against as many resources
 * that do nothing (floor/). Providers answer at once, so that the engine and the program are what is measured. All run in
 * turns on the same engine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Benchmark, BenchmarkOptions, Section } from "../lib/benchmark";
import { against } from "../lib/report";
import type { Measured } from "./measure";
import { startInstantProviders } from "./providers";
import { floorStack, plainStack, programStack, type Stack } from "./stacks";

/** Numbers of groups. A round of the last takes minutes: it is measured once. */
const sizes = [1, 10, 100, 1000] as const;

/** What is measured of a stack, in the order in which it happens. */
const phases = ["first preview", "up", "unchanged preview"] as const;
type Phase = (typeof phases)[number];
type Phases = Record<Phase, Measured>;
type Sample = Record<"program" | "plain" | "floor", Phases>;

async function* sections({ rounds, signal, say }: BenchmarkOptions): AsyncGenerator<Section> {
  for (const groups of sizes) {
    const runs = groups === 1000 ? 1 : Math.ceil(rounds / 6);
    const samples: Sample[] = [];
    let resources = 0;
    const names = Array.from({ length: groups }, (_, index) => `acme/team-${index}`);
    for (let run = 1; run <= runs; run++) {
      signal.throwIfAborted();
      say(`measuring: ${groups} groups (${run} of ${runs})`);
      const program = await lifeOf((folder, providers) => programStack(folder, providers, { groups: names }));
      resources = program.resources;
      const plain = await lifeOf((folder, providers) => plainStack(folder, providers, resources, groups));
      const floor = await lifeOf((folder, providers) => floorStack(folder, providers, resources));
      samples.push({ program: program.phases, plain: plain.phases, floor: floor.phases });
    }
    yield {
      title: `${groups} groups, ${resources} resources`,
      measurements: phases.flatMap((phase) => compare(phase, samples)),
    };
  }
}

function compare(phase: Phase, samples: readonly Sample[]) {
  const row = (what: string, unit: "s" | "MiB", pick: (of: Measured) => number) =>
    (["plain", "floor"] as const).map((name) =>
      against(
        `${phase}: ${what}`,
        unit,
        samples.map(({ program }) => pick(program[phase])),
        { name, values: samples.map((sample) => pick(sample[name][phase])) },
      ),
    );
  return [
    row("time", "s", ({ seconds }) => seconds),
    row("processor time", "s", ({ cpu }) => cpu),
    row("memory", "MiB", ({ engine, program }) => engine + program),
  ].flat();
}

export const program: Benchmark = {
  summary: "preview and up with 1 to 1000 groups, against the least program with the same runners",
  run: sections,
};

type Create = (folder: string, debugProviders: string) => Promise<Stack>;

/** One stack from its first preview to a preview in which nothing has changed. */
async function lifeOf(create: Create): Promise<{ resources: number; phases: Record<Phase, Measured> }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "bench-program-"));
  const providers = await startInstantProviders();
  try {
    const stack = await create(folder, providers.debugProviders);
    // The first command in a folder fills Node's compile cache for it, which happens once and is not measured.
    await stack.preview();
    const { measured: first } = await stack.preview();
    const { measured: up } = await stack.up();
    const { measured: unchanged } = await stack.preview("--expect-no-changes");
    const measured = { "first preview": first, up, "unchanged preview": unchanged };
    return { resources: await stack.resources(), phases: measured };
  } finally {
    await providers.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
