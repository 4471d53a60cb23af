/**
 * Whether an edit of a stack file brings an error into the settings. Secrets are encrypted in the file, so what they hold
 * cannot be judged here: they are taken for right, and for different from each other.
 */
import { createHash } from "node:crypto";
import { parseDocument } from "yaml";
import { formatPath, namespace, parseSettings, structured } from "../components/settings/settings";
import { UserError } from "./errors";

type Path = readonly (string | number)[];

/** The edited text, if the edit brings no error into the settings. Errors that were there before are the preview's. */
export function checked(before: string, edited: string): string {
  const old = new Set(settingErrors(before).map(({ sense }) => sense));
  const fresh = settingErrors(edited).filter(({ sense }) => !old.has(sense));
  if (fresh.length > 0) {
    const lines = fresh.map(({ text }) => `  ${text}`).join("\n");
    throw new UserError(`nothing was changed, as the settings would be wrong:\n${lines}`);
  }
  return edited;
}

interface SettingError {
  /** As the program says it. */
  text: string;
  /** The same for the same error of the same entry, wherever in its list the entry stands. */
  sense: string;
}

function settingErrors(text: string): SettingError[] {
  const all = (parseDocument(text).toJS() as { config: Record<string, unknown> }).config;
  const secrets: string[] = [];
  const own = Object.entries(all).flatMap(([name, value]): [string, unknown][] => {
    if (!name.startsWith(`${namespace}:`)) return [];
    const key = name.slice(namespace.length + 1);
    const opened = open(value, [key], (path) => secrets.push(formatPath(path)));
    // As the program gets them: a list or an object may be written as JSON.
    return [[key, typeof opened === "string" ? structured(opened) : opened]];
  });
  const raw = Object.fromEntries(own);
  const gitlabUrl = all["gitlab:baseUrl"];
  try {
    parseSettings(raw, typeof gitlabUrl === "string" ? gitlabUrl : undefined);
    return [];
  } catch (error) {
    const lines = (error as Error).message.split("\n").slice(1);
    return lines
      .map((line) => line.trim())
      .filter((line) => !secrets.some((path) => isAbout(line, path)))
      .map((line) => ({ text: line, sense: sense(line, raw) }));
  }
}

const isAbout = (error: string, path: string): boolean =>
  error.startsWith(path) && [":", ".", "["].includes(error.charAt(path.length));

/** The value with a text in the place of each secret, another one for each. @param found told where they stand */
function open(value: unknown, path: Path, found: (path: Path) => void): unknown {
  if (Array.isArray(value)) return value.map((one, index) => open(one, [...path, index], found));
  if (typeof value !== "object" || value === null) return value;
  const { secure, ...rest } = value as Record<string, unknown>;
  if (typeof secure === "string" && Object.keys(rest).length === 0) {
    found(path);
    return `secret-${createHash("sha256").update(secure).digest("hex")}`;
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, open(one, [...path, name], found)]));
}

const place = /\b(groups|projects|instanceRunners)\[(\d+)\]/g;

/** An edit moves the entries behind it: the error's own one is named by what it is for, others are left out. */
function sense(error: string, raw: Record<string, unknown>): string {
  return error.replace(place, (_, list: string, index: string, offset: number) => {
    if (offset > 0) return `${list}[…]`;
    const entries = raw[list];
    return `${list}[${JSON.stringify(identity(Array.isArray(entries) ? entries[Number(index)] : undefined))}]`;
  });
}

function identity(entry: unknown): unknown {
  if (typeof entry !== "object" || entry === null) return entry;
  const { path, id, name } = entry as Record<string, unknown>;
  return path ?? id ?? name ?? entry;
}
