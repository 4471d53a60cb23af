/** Durations as `timeout:` has them: "1h 30m", "90 minutes", "2 hours and 5 seconds", "3600". */
import { PipelineError } from "../errors";

const units: [RegExp, number][] = [
  [/^(s|secs?|seconds?)$/, 1],
  [/^(m|mins?|minutes?)$/, 60],
  [/^(h|hrs?|hours?)$/, 3600],
  [/^(d|days?)$/, 86_400],
  [/^(w|wks?|weeks?)$/, 7 * 86_400],
];

/** Seconds. `place` names the key in errors, as "jobs:test:timeout". */
export function parseDuration(text: string | number, place: string): number {
  const invalid = () => new PipelineError(`${place}: '${text}' is not a duration such as '1h 30m' or '90 minutes'`);
  const source = String(text)
    .toLowerCase()
    .replace(/,|\band\b/g, " ")
    .trim();
  if (/^\d+$/.test(source)) return positive(Number(source), invalid);
  const parts = [...source.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/g)];
  if (!parts.length || parts.map((part) => part[0]).join("") !== source) throw invalid();
  let seconds = 0;
  for (const [, amount, unit] of parts) {
    const factor = units.find(([pattern]) => pattern.test(unit))?.[1];
    if (!factor) throw invalid();
    seconds += Number(amount) * factor;
  }
  return positive(Math.round(seconds), invalid);
}

function positive(seconds: number, invalid: () => Error): number {
  if (seconds <= 0) throw invalid();
  return seconds;
}
