/** What a benchmark has measured, as a table for the terminal and as a document for `--json`. */
import { table } from "../../sandbox/report";
import { ratios, summarize, type Summary } from "./stats";

export type Unit = "ms" | "MiB" | "MB/s" | "calls" | "s";

export interface Measurement {
  what: string;
  unit: Unit;
  value: Summary;
  /** What it is measured by, in the same rounds; left out for sizes and counts, which no machine changes. */
  baseline?: {
    name: string;
    value: Summary;
    /** Of each round's value to the baseline's value of that round. */
    ratio: Summary;
  };
}

/** A measurement against a baseline of the same rounds. */
export function against(
  what: string,
  unit: Unit,
  values: readonly number[],
  baseline: { name: string; values: readonly number[] },
): Measurement {
  return {
    what,
    unit,
    value: summarize(values),
    baseline: {
      name: baseline.name,
      value: summarize(baseline.values),
      ratio: summarize(ratios(values, baseline.values)),
    },
  };
}

/** A size, a count, or what else needs no baseline. */
export const plainly = (what: string, unit: Unit, values: readonly number[]): Measurement => ({
  what,
  unit,
  value: summarize(values),
});

/** A section's rows with its head; spreads are quartiles. */
export function measurementTable(measurements: readonly Measurement[]): string {
  const head = ["", "median", "quartiles", "ratio", "quartiles", "baseline", "median", "n"];
  return table([
    head,
    ...measurements.map(({ what, unit, value, baseline }) => [
      what,
      `${figure(value.median)} ${unit}`,
      spread(value),
      baseline ? `${figure(baseline.ratio.median)}×` : "",
      baseline ? spread(baseline.ratio) : "",
      baseline ? baseline.name : "",
      baseline ? `${figure(baseline.value.median)} ${unit}` : "",
      String(value.n),
    ]),
  ]);
}

const spread = ({ q1, q3 }: Summary): string => (q1 === q3 ? "" : `${figure(q1)} – ${figure(q3)}`);

/** Three significant digits, and no fewer than the whole number has; whole numbers as they are. */
export function figure(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}
