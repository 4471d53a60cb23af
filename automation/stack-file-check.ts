/**
 * Whether an edit of a stack file touches anything but its own entry, or brings an error into the settings. Secrets are
 * encrypted in the file, so what they hold cannot be judged here; an error about one is there before and after the edit.
 */
import { isDeepStrictEqual } from "node:util";
import { fileErrors } from "../components/settings/stack-file";
import { UserError } from "./errors";
import { settingErrors, settingsIn } from "./stack-file-settings";
import { parseYaml } from "./stack-file-yaml";

/**
 * The edited text, if the edit does what it is to do and nothing else, and brings no error into the settings. Errors that
 * were there before are the preview's.
 *
 * @param key the setting that is edited, with its namespace
 * @param edit the setting's value after the edit, from that before it
 */
export function checked(before: string, edited: string, key: string, edit: (value: unknown) => unknown): string {
  const { config, ...rest } = parsed(before)!;
  const expected = { ...rest, config: { ...config, [key]: edit(config[key]) } };
  if (!isDeepStrictEqual(parsed(edited), expected)) {
    throw new UserError(`${key} could not be edited without touching the rest of the stack file; edit it by hand`);
  }
  const old = new Set(errorsIn(before).map(({ sense }) => sense));
  const fresh = errorsIn(edited).filter(({ sense }) => !old.has(sense));
  if (fresh.length > 0) {
    const lines = fresh.map(({ text }) => `  ${text}`).join("\n");
    throw new UserError(`nothing was changed, as the settings would be wrong:\n${lines}`);
  }
  return edited;
}

/**
 * Refuses a stack file for keys that nobody reads and for secrets in plain text. The program finds those itself in
 * Pulumi.STACK.yaml; what other file it has its configuration from, it is not told. No valid YAML is the engine's to refuse.
 */
export function refuseWrongFile(name: string, text: string): void {
  const errors = fileErrors({ ...parsed(text) });
  if (errors.length > 0) throw new UserError(`${name} is wrong:\n${errors.map((error) => `  ${error}`).join("\n")}`);
}

/** What a stack file holds; undefined where it cannot be read, which is equal to no stack file. */
const parsed = (text: string) => parseYaml(text).value as StackFile | undefined;

interface StackFile {
  config: Record<string, unknown>;
}

interface SettingError {
  /** As the program says it. */
  text: string;
  /** The same for the same error of the same entry, wherever in its list the entry stands. */
  sense: string;
}

function errorsIn(text: string): SettingError[] {
  const file = parsed(text)!;
  const settings = settingsIn(file.config);
  const all = [...fileErrors({ ...file }), ...settingErrors(settings, file.config["gitlab:baseUrl"])];
  return all.map((text) => ({ text, sense: sense(text, settings) }));
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
