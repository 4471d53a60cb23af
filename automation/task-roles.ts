/** The roles that the driver's configuration gives to the jobs of runners, by profile. */
import { parse } from "smol-toml";
import type { Widening } from "./iam";
import { isRecord, isSecret, isUnknown, type Value } from "./values";

/**
 * Compares what two versions of fargate.toml give. A role that the hosts' role may hand on already shows here only,
 * where another runner's jobs get it. What is not known yet counts where roles are in use: the rest needs another right.
 */
export function compareTaskRoles(old: Value | undefined, after: Value | undefined): Widening {
  const before = rolesIn(old);
  if (isUnknown(after) || isSecret(after)) return before.size > 0 ? "unknown" : "same or narrower";
  return [...rolesIn(after)].every(([profile, role]) => before.get(profile) === role) ? "same or narrower" : "wider";
}

function rolesIn(text: Value | undefined): Map<string, unknown> {
  if (typeof text !== "string" || isUnknown(text) || isSecret(text)) return new Map();
  try {
    const { Fargate = {}, Profiles = {} } = parse(text) as Record<string, Record<string, Value>>;
    const tables = [["", Fargate] as const, ...Object.entries(Profiles)];
    return new Map(
      tables.flatMap(([name, table]) =>
        isRecord(table) && table.TaskRole !== undefined ? [[name, table.TaskRole] as const] : [],
      ),
    );
  } catch {
    return new Map();
  }
}
