/** The known name that a mistyped one is probably meant to be. Pure functions. */

/** Letters that have to be put in, taken out, exchanged or swapped with their neighbour to make one of the other. */
export function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const exchanged = row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? before[j - 2] + 1 : Infinity;
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, exchanged, swapped));
    }
    [before, row] = [row, next];
  }
  return row[other.length];
}

/** Upper and lower case, dashes and underscores are what people mix up most. */
const plain = (name: string) => name.toLowerCase().replace(/[-_\s]/g, "");

/** Undefined where none is so near that it is worth asking. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const wanted = plain(given);
  const near = known
    .map((name) => ({ name, away: distance(wanted, plain(name)) }))
    .filter(({ name, away }) => away <= Math.max(1, Math.floor(Math.min(wanted.length, plain(name).length) / 3)))
    .sort((a, b) => a.away - b.away);
  if (near.length > 0) return near[0].name;
  // An abbreviation.
  const longer = known.filter((name) => wanted.length >= 3 && plain(name).startsWith(wanted));
  return longer.length === 1 ? longer[0] : undefined;
}
