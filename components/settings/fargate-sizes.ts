/** What Fargate accepts as a task's CPU, memory and ephemeral storage. */

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step);

/**
 * Memory (MiB) by CPU units (1024 = 1 vCPU).
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
 */
export const memoryByCpu: ReadonlyMap<number, readonly number[]> = new Map([
  [256, [512, 1024, 2048]],
  [512, range(1024, 4096, 1024)],
  [1024, range(2048, 8192, 1024)],
  [2048, range(4096, 16384, 1024)],
  [4096, range(8192, 30720, 1024)],
  [8192, range(16384, 61440, 4096)],
  [16384, range(32768, 122880, 8192)],
]);

/** Ephemeral storage in GiB that can be asked for; 20 GiB are there without asking. */
export const ephemeralStorage = { min: 21, max: 200 } as const;

/** Why Fargate refuses the pair (CPU units, MiB), or undefined where it accepts it. */
export function whyIllegal(cpu: number, memory: number): string | undefined {
  const legal = memoryByCpu.get(cpu);
  if (!legal) return `Fargate has no cpu ${cpu}; it has ${[...memoryByCpu.keys()].join(", ")} (1024 = 1 vCPU)`;
  if (legal.includes(memory)) return undefined;
  return `Fargate has no memory ${memory} MiB with cpu ${cpu}; it has ${describe(legal)}`;
}

/**
 * Why bounds of what a job may ask for can never be reached: no pair within them has that CPU. Undefined where there is
 * one, or where only one of both is bounded.
 */
export function whyUnusable(maxCpu: number | undefined, maxMemory: number | undefined): string | undefined {
  const [least] = memoryByCpu.get(maxCpu ?? 0) ?? [];
  if (least === undefined || maxMemory === undefined || maxMemory >= least) return undefined;
  return `no job could use cpu ${maxCpu}: Fargate has it with ${least} MiB or more, and memory is ${maxMemory}`;
}

/** Why a bound of memory can never be reached with the most CPU that a job can have; undefined where it can. */
export function whyTooMuchMemory(mostCpu: number, maxMemory: number): string | undefined {
  const most = memoryByCpu.get(mostCpu)?.at(-1);
  if (most === undefined || maxMemory <= most) return undefined;
  return `no job could use ${maxMemory} MiB: the most CPU that a job can have is ${mostCpu} (maxSize.cpu and sizes), and Fargate has up to ${most} MiB with it`;
}

function describe(steps: readonly number[]): string {
  if (steps.length <= 3) return steps.join(", ");
  return `${steps[0]} to ${steps.at(-1)} in steps of ${steps[1] - steps[0]}`;
}
