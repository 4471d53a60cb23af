/** The driver's profiles: what the jobs of a runner get and may ask for, out of the reach of their variables. */
import type { Entry } from "../settings/entries";
import type { Settings } from "../settings/settings";

export interface Profile {
  /** In fargate.toml, and in the arguments of the driver's calls in config.toml. */
  readonly name: string;
  readonly size: string;
  /** Names of sizes, with its own. */
  readonly allowedSizes: readonly string[];
  readonly maxSize: Settings["maxSize"];
}

type Stack = Pick<Settings, "sizes" | "maxSize">;
type Bounds = Pick<Entry, "size" | "allowedSizes" | "maxSize">;

/** Undefined for an entry without bounds of its own: its jobs may choose what the stack allows. */
export function profileOf({ size, allowedSizes, maxSize }: Bounds, stack: Stack): Profile | undefined {
  if (allowedSizes === undefined && maxSize === undefined) return undefined;
  const others = (allowedSizes ?? Object.keys(stack.sizes)).filter((one) => one !== size).sort();
  const { cpu = 0, memory = 0, ephemeralStorage = 0 } = maxSize ?? {};
  // By what it holds: entries with the same bounds have one profile, wherever they stand.
  const bounds = maxSize === undefined ? "" : `@${cpu}-${memory}-${ephemeralStorage}`;
  return {
    name: [size, ...others].join("+") + bounds,
    size,
    allowedSizes: [size, ...others],
    maxSize: maxSize ?? stack.maxSize,
  };
}

/** All profiles of the stack, each once. */
export function profilesOf(settings: Stack & Pick<Settings, "entries">): Profile[] {
  const all = settings.entries.flatMap((entry) => profileOf(entry, settings) ?? []);
  return [...new Map(all.map((profile) => [profile.name, profile])).values()];
}
