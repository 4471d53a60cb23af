/** The statistics of repeated measurements: medians and quartiles, as machines are noisy and outliers one-sided. */

export interface Summary {
  /** How many values. */
  n: number;
  median: number;
  /** First and third quartile: half of the values lie between them. */
  q1: number;
  q3: number;
  min: number;
  max: number;
}

/**
 * The value below which the part `p` (0 to 1) of the values lies, between two neighbours by linear interpolation.
 * @throws RangeError where there are no values, or one is not a finite number
 */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new RangeError("no values");
  if (!values.every(Number.isFinite)) throw new RangeError(`not all finite: ${values.join(", ")}`);
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function summarize(values: readonly number[]): Summary {
  const [min, q1, middle, q3, max] = [0, 0.25, 0.5, 0.75, 1].map((p) => quantile(values, p));
  return { n: values.length, median: middle, q1, q3, min, max };
}

/**
 * What each value is in units of the baseline's value of the same round: what slows a whole round cancels out.
 * @throws RangeError where the two are not of the same rounds, or a baseline's value is not above 0
 */
export function ratios(values: readonly number[], baseline: readonly number[]): number[] {
  if (values.length !== baseline.length) {
    throw new RangeError(`${values.length} values against ${baseline.length} of the baseline`);
  }
  return values.map((value, round) => {
    if (!(baseline[round] > 0))
      throw new RangeError(`the baseline's value of round ${round + 1} is ${baseline[round]}`);
    return value / baseline[round];
  });
}
