/** What can be asked of which benchmark. Pure functions. */
import type { Benchmark } from "./benchmark";

/** Why these cannot be run so; undefined where they can. */
export function whyNot(
  names: readonly string[],
  against: string | undefined,
  benchmarks: Readonly<Record<string, Pick<Benchmark, "takesRevision">>>,
): string | undefined {
  const unknown = names.filter((name) => !Object.hasOwn(benchmarks, name));
  if (unknown.length > 0) {
    return `no benchmark '${unknown.join("', '")}'; there are ${Object.keys(benchmarks).join(", ")}`;
  }
  const without = names.filter((name) => !benchmarks[name].takesRevision);
  if (against === undefined || without.length === 0) return undefined;
  const able = Object.keys(benchmarks).filter((name) => benchmarks[name].takesRevision);
  return `--against: ${without.join(", ")} cannot measure another revision; ${able.join(", ")} can`;
}
