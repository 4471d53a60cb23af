/** The driver's profiles: what the jobs of a runner get and may ask for, out of the reach of their variables. */
import type { Entry } from "../settings/entries";
import type { OnItsOwn } from "../settings/entry-tasks";
import type { Settings } from "../settings/settings";

export interface Profile extends OnItsOwn {
  /** In fargate.toml, and in the arguments of the driver's calls in config.toml. */
  readonly name: string;
  readonly size: string;
  /** Names of sizes, with its own. */
  readonly allowedSizes: readonly string[];
  readonly maxSize: Settings["maxSize"];
  /** Patterns of the images that its jobs may name; the stack's where left out. */
  readonly images?: readonly string[];
  /** The same of the services that they may name. */
  readonly services?: readonly string[];
}

type Stack = Pick<Settings, "sizes" | "maxSize">;
type Bounds = Pick<Entry, "key" | "size" | "allowedSizes" | "maxSize" | "images" | "services" | keyof OnItsOwn>;

/** Undefined for an entry with nothing of its own: its jobs get, and may choose, what the stack has. */
export function profileOf(entry: Bounds, stack: Stack): Profile | undefined {
  const { key, size, allowedSizes, maxSize, images, services, taskRole, spot, network } = entry;
  const own = [images, services, taskRole, spot, network].some((one) => one !== undefined);
  if (allowedSizes === undefined && maxSize === undefined && !own) return undefined;
  const others = (allowedSizes ?? Object.keys(stack.sizes)).filter((one) => one !== size).sort();
  return {
    // With the entry's name, a preview shows whom a role or an image is given to, also where another entry has it already.
    name: own ? key : boundsInWords(entry, others),
    size,
    allowedSizes: [size, ...others],
    maxSize: maxSize ?? stack.maxSize,
    ...(images !== undefined && { images }),
    ...(services !== undefined && { services }),
    ...(taskRole !== undefined && { taskRole }),
    ...(spot !== undefined && { spot }),
    ...(network !== undefined && { network }),
  };
}

/** By what it holds: entries with the same bounds have one profile, wherever they stand. */
function boundsInWords({ size, maxSize }: Bounds, others: readonly string[]): string {
  const { cpu = 0, memory = 0, ephemeralStorage = 0 } = maxSize ?? {};
  return [size, ...others].join("+") + (maxSize === undefined ? "" : `@${cpu}-${memory}-${ephemeralStorage}`);
}

/** All profiles of the stack, each once. */
export function profilesOf(settings: Stack & Pick<Settings, "entries">): Profile[] {
  const all = settings.entries.flatMap((entry) => profileOf(entry, settings) ?? []);
  return [...new Map(all.map((profile) => [profile.name, profile])).values()];
}
