/** The settings that a stack file holds, as the program gets them, but for what is encrypted. Pure functions. */
import { namespace, parseSettings, structured } from "../components/settings/settings";
import { formatPath } from "../components/settings/messages";
import { isEncrypted } from "../components/settings/stack-file";

export type Config = Record<string, unknown>;

/** @param config of the parsed file; Pulumi takes a key without a namespace as if it had the project's */
export function settingsIn(config: Config): Config {
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${namespace}:`) || !key.includes(":"));
  return Object.fromEntries(own.map(([key, value]) => [nameOf(key), given(value)]));
}

/** Of a setting, without its namespace. */
const nameOf = (key: string) => (key.startsWith(`${namespace}:`) ? key.slice(namespace.length + 1) : key);

/** Each error of the settings as the program tells it. */
export function settingErrors(settings: Config, gitlabUrl: unknown): string[] {
  try {
    parseSettings(settings, typeof gitlabUrl === "string" ? gitlabUrl : undefined);
    return [];
  } catch (error) {
    const [, ...lines] = (error as Error).message.split("\n");
    return lines.map((line) => line.trim());
  }
}

/** A setting as the program gets it: a list or an object may be written as JSON. */
function given(value: unknown): unknown {
  const sealed = withSecrets(value);
  return typeof sealed === "string" ? structured(sealed) : sealed;
}

/** With the encrypted text in the place of each secret: no two are the same, and an edit changes none. */
function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (isEncrypted(value)) return value.secure;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withSecrets(one)]));
}

/** Paths of what is encrypted, as errors name them: "gitlab:token", "host.privateKey". */
export const encryptedIn = (config: Config): PropertyKey[][] =>
  Object.entries(config).flatMap(([key, value]) => sealedBelow(value, [nameOf(key)]));

function sealedBelow(value: unknown, path: PropertyKey[]): PropertyKey[][] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one, index) => sealedBelow(one, [...path, index]));
  if (isEncrypted(value)) return [path];
  return Object.entries(value).flatMap(([key, one]) => sealedBelow(one, [...path, key]));
}

/** A path as errors begin with it. A provider's key has a colon in it. */
export const written = (path: readonly PropertyKey[]): string =>
  /^[\w-]+:\w+$/.test(String(path[0])) ? String(path[0]) : formatPath(path);
