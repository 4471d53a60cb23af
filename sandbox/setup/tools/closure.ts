/** Which packages it takes to have some. */
import type { Package } from "./archive";

/**
 * The packages of these names, all that they depend on, and what every package counts on ("Essential"). Versions are not
 * compared: a suite's packages fit one another. Of alternatives the first is taken, unless another one is there anyway.
 * @throws Error where the suite lacks one
 */
export function closure(all: Map<string, Package>, names: string[]): Package[] {
  const chosen = new Map<string, Package>();
  const providers = new Map<string, string[]>();
  for (const { Package: name, Provides } of all.values()) {
    for (const virtual of namesIn(Provides)) providers.set(virtual, [...(providers.get(virtual) ?? []), name!]);
  }
  const candidates = (name: string) => [...(all.has(name) ? [name] : []), ...(providers.get(name) ?? [])];

  const take = (alternatives: string[], wantedBy: string): void => {
    const possible = alternatives.flatMap(candidates);
    if (possible.some((name) => chosen.has(name))) return;
    const [name] = possible;
    if (name === undefined) throw new Error(`${wantedBy} needs ${alternatives.join(" or ")}, which the suite lacks`);
    const taken = all.get(name)!;
    chosen.set(name, taken);
    for (const field of [taken["Pre-Depends"], taken.Depends]) {
      for (const dependency of dependencies(field)) take(dependency, name);
    }
  };

  // Those that are asked for by name come first, so that they are what others' alternatives find.
  const essential = [...all.values()].filter(({ Essential }) => Essential === "yes").map((one) => one.Package!);
  for (const name of [...names, ...essential]) take([name], "the list");
  return [...chosen.values()].sort((one, other) => (one.Package! < other.Package! ? -1 : 1));
}

/** "a (>= 1) | b:any, c" is [[a, b], [c]]. */
const dependencies = (field = ""): string[][] =>
  field.split(",").flatMap((group) => {
    const names = group.split("|").flatMap(namesIn);
    return names.length > 0 ? [names] : [];
  });

const namesIn = (field = ""): string[] =>
  field.split(",").flatMap((one) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(one)?.[1] ?? []);
