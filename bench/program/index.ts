/**
 * Preview and up of the program against the engine's floor: a program of as many resources that do nothing. Providers
 * answer at once, so that the engine and the program are what is measured. Both run in turns on the same engine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Measured } from "./measure";
import { startInstantProviders } from "./providers";
import { floorStack, programStack, type Stack } from "./stacks";

export interface Options {
  /** Numbers of groups. */
  groups?: readonly number[];
  /** Repetitions, of which the median counts. */
  runs?: number;
  /** Gets a line per measurement. */
  log?(line: string): void;
}

/** What is measured of a stack, in the order in which it happens. */
export const phases = ["first preview", "up", "unchanged preview"] as const;
type Phase = (typeof phases)[number];

export interface Result {
  groups: number;
  /** Resources of the program, and of the floor. */
  resources: number;
  program: Record<Phase, Measured>;
  floor: Record<Phase, Measured>;
}

export async function run(options: Options = {}): Promise<Result[]> {
  const { groups = [1, 10, 100, 1000], runs = 3, log = () => {} } = options;
  const results: Result[] = [];
  for (const count of groups) {
    const samples: { resources: number; program: Record<Phase, Measured>; floor: Record<Phase, Measured> }[] = [];
    for (let index = 0; index < runs; index++) {
      const names = Array.from({ length: count }, (_, group) => `acme/team-${group}`);
      const program = await lifeOf((folder, providers) => programStack(folder, providers, { groups: names }));
      const floor = await lifeOf((folder, providers) => floorStack(folder, providers, program.resources));
      samples.push({ resources: program.resources, program: program.phases, floor: floor.phases });
      for (const phase of phases)
        log(`${count} groups, ${phase}: ${told(program.phases[phase])}, floor ${told(floor.phases[phase])}`);
    }
    const middle = (of: "program" | "floor") =>
      Object.fromEntries(phases.map((phase) => [phase, medians(samples.map((sample) => sample[of][phase]))]));
    results.push({
      groups: count,
      resources: samples[0].resources,
      program: middle("program") as Record<Phase, Measured>,
      floor: middle("floor") as Record<Phase, Measured>,
    });
  }
  return results;
}

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

const told = ({ seconds, cpu, engine, program }: Measured): string =>
  `${seconds.toFixed(2)} s (processor ${cpu.toFixed(2)} s), ${engine.toFixed(0)} + ${program.toFixed(0)} MiB`;

function medians(samples: readonly Measured[]): Measured {
  const median = (pick: (sample: Measured) => number) => {
    const sorted = samples.map(pick).sort((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  };
  return {
    seconds: median(({ seconds }) => seconds),
    cpu: median(({ cpu }) => cpu),
    engine: median(({ engine }) => engine),
    program: median(({ program }) => program),
  };
}

/** The results as a table in Markdown. */
export function table(results: readonly Result[]): string {
  const rows = results.flatMap(({ groups, resources, program, floor }) =>
    phases.map((phase) => {
      const [ours, least] = [program[phase], floor[phase]];
      const times = (pick: (of: Measured) => number) => [
        `${pick(ours).toFixed(1)} s`,
        `${pick(least).toFixed(1)} s`,
        (pick(ours) / pick(least)).toFixed(2),
      ];
      const memory = [ours, least].map(({ engine, program: node }) => `${engine.toFixed(0)} + ${node.toFixed(0)} MiB`);
      return [groups, resources, phase, ...times(({ seconds }) => seconds), ...times(({ cpu }) => cpu), ...memory];
    }),
  );
  const time = ["program", "floor", "ratio"];
  const memory = ["memory of engine + program", "of the floor"];
  const head = ["groups", "resources", "phase", ...time, ...time.map((name) => `processor: ${name}`), ...memory];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

if (require.main === module) {
  const groups = process.argv.slice(2).map(Number);
  const results = run({ ...(groups.length > 0 && { groups }), log: (line) => console.log(line) });
  results.then(
    (done) => console.log(`\n${table(done)}`),
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
