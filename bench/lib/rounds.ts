/** Interleaved rounds: in each, every contestant runs once, so that all of them see the same machine. */

export interface RoundOptions {
  /** Rounds that count. One more comes before them and does not: it fills caches. */
  rounds: number;
  signal?: AbortSignal;
}

/**
 * Runs the contestants one at a time and returns each one's samples, in the order of the rounds. Each round begins with
 * another contestant, so that none always follows the same one.
 * @throws what a contestant throws; the signal's reason once it is aborted
 */
export async function interleave<Contestants extends Record<string, () => Promise<unknown>>>(
  contestants: Contestants,
  { rounds, signal }: RoundOptions,
): Promise<Samples<Contestants>> {
  const names = Object.keys(contestants) as (keyof Contestants)[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as unknown[]])) as Samples<Contestants>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of rotated(names, round)) {
      signal?.throwIfAborted();
      const sample = await contestants[name]();
      if (round > 0) samples[name].push(sample as never);
    }
  }
  return samples;
}

export type Samples<Contestants extends Record<string, () => Promise<unknown>>> = {
  -readonly [Name in keyof Contestants]: Awaited<ReturnType<Contestants[Name]>>[];
};

const rotated = <Item>(items: readonly Item[], by: number): Item[] => [
  ...items.slice(by % items.length),
  ...items.slice(0, by % items.length),
];
