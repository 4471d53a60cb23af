/** Who else may give what a stack file leaves out: Pulumi.yaml's own configuration, and Pulumi ESC. Pure functions. */
import { namespace } from "../components/settings/stack-file";
import { record } from "../components/settings/values";
import { parseYaml } from "./stack-file-yaml";

export interface Elsewhere {
  /** Keys of Pulumi.yaml's configuration that the file does not have itself, with their namespace. */
  project: string[];
  /** Whether the file names environments of Pulumi ESC. */
  environment: boolean;
}

/** @param project the text of Pulumi.yaml, whose own errors are the engine's to tell */
export function elsewhere(file: unknown, project: string): Elsewhere {
  const { config, environment } = record(file);
  const full = (key: string) => (key.includes(":") ? key : `${namespace}:${key}`);
  const own = Object.keys(record(config)).map(full);
  const given = Object.keys(record(record(parseYaml(project).value).config)).map(full);
  return {
    project: given.filter((key) => !own.includes(key) && isLookedAt(key)),
    environment: Object.keys(record(environment)).length > 0,
  };
}

const isLookedAt = (key: string) =>
  key.startsWith(`${namespace}:`) || key === "gitlab:token" || key === "gitlab:baseUrl";

/** Of a list, an entry is given as a whole. */
const missing = /^(?:\["(?:[^"\\]|\\.)*"\]|[^\s"[])+: (required|not in this file)\b/;

/** Who may give what an error, which begins with its path, says is missing; undefined: nobody. */
export function giverOf(error: string, { project, environment }: Elsewhere): string | undefined {
  if (!missing.test(error)) return undefined;
  const isOf = (key: string) => {
    const name = key.startsWith(`${namespace}:`) ? key.slice(namespace.length + 1) : key;
    return error.startsWith(name) && /^[:.[]/.test(error.slice(name.length));
  };
  if (project.some(isOf)) return "Pulumi.yaml may give it";
  return environment ? "an environment of Pulumi ESC that the file names may give it" : undefined;
}
