/** The parameters of POST /user/runners and PUT /runners/:id, checked as GitLab does. */
import { badParameters, invalidRecord } from "../errors";
import type { Runner } from "../model";
import type { Parameters } from "../parameters";

export type RunnerSettings = Pick<
  Runner,
  "description" | "tags" | "runUntagged" | "locked" | "paused" | "accessLevel" | "maximumTimeout" | "maintenanceNote"
>;

const accessLevels = ["not_protected", "ref_protected"] as const;

/** The settings that the parameters name. Throws 400 with all values that can't be read. */
export function readSettings(parameters: Parameters): Partial<RunnerSettings> {
  const problems: string[] = [];
  const read = <T>(name: string, parse: (value: unknown) => T | undefined): T | undefined => {
    if (parameters[name] === undefined) return undefined;
    const value = parse(parameters[name]);
    if (value === undefined) problems.push(`${name} is invalid`);
    return value;
  };
  const accessLevel = accessLevels.find((level) => level === parameters.access_level);
  if (parameters.access_level !== undefined && !accessLevel) problems.push("access_level does not have a valid value");
  const settings = {
    description: read("description", (value) => (typeof value === "string" ? value : undefined)),
    tags: read("tag_list", tagList),
    runUntagged: read("run_untagged", bool),
    locked: read("locked", bool),
    paused: read("paused", bool),
    accessLevel,
    maximumTimeout: read("maximum_timeout", timeout),
    maintenanceNote: read("maintenance_note", (value) =>
      value === null || typeof value === "string" ? value : undefined,
    ),
  };
  if (problems.length) throw badParameters(problems);
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** Throws 400 with the messages of all rules that the settings break. */
export function validate(settings: RunnerSettings): void {
  const problems: Record<string, string[]> = {};
  const { maximumTimeout, maintenanceNote, tags, runUntagged, description } = settings;
  if (maximumTimeout !== null && maximumTimeout < 600) problems.maximum_timeout = ["needs to be at least 10 minutes"];
  if ((maintenanceNote ?? "").length > 1024) problems.maintenance_note = ["is too long (maximum is 1024 characters)"];
  if (description.length > 1024) problems.description = ["is too long (maximum is 1024 characters)"];
  if (!runUntagged && !tags.length) {
    problems.tags_list = ["can not be empty when runner is not allowed to pick untagged jobs"];
  }
  if (Object.keys(problems).length) throw invalidRecord(problems);
}

/** A positive id, from a number or its digits. */
export function id(value: unknown): number | undefined {
  return /^[1-9]\d{0,15}$/.test(String(value)) ? Number(value) : undefined;
}

function tagList(value: unknown): string[] | undefined {
  const items = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(items) || !items.every((item) => typeof item === "string")) return undefined;
  return [...new Set(items.map((item) => item.trim()).filter(Boolean))];
}

function bool(value: unknown): boolean | undefined {
  if (value === true || value === "true" || value === "1") return true;
  if (value === false || value === "false" || value === "0") return false;
  return undefined;
}

/** Seconds; null takes the bound away. */
function timeout(value: unknown): number | null | undefined {
  if (value === null || value === "") return null;
  return /^\d{1,9}$/.test(String(value)) ? Number(value) : undefined;
}
