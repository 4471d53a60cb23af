import type { TomlTable } from "smol-toml";
import type { RunnerSettings } from "../settings/runner-settings";

/** What the settings say of a runner, under config.toml's keys; what they leave out is left out. */
export function runnerKeys(settings: RunnerSettings): TomlTable {
  const keys = {
    output_limit: settings.outputLimit,
    request_concurrency: settings.requestConcurrency,
    clone_url: settings.cloneUrl,
    pre_get_sources_script: settings.preGetSourcesScript,
    post_get_sources_script: settings.postGetSourcesScript,
    pre_build_script: settings.preBuildScript,
    post_build_script: settings.postBuildScript,
    feature_flags: settings.featureFlags && sorted(settings.featureFlags),
  };
  return {
    ...Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined)),
    // A task is one job's alone, so that no job can get into another one's sources.
    custom_build_dir: { enabled: settings.customBuildDir ?? true },
  } as TomlTable;
}

/** As config.toml has variables, in the order of their names. */
export const environmentList = (environment: Record<string, string>): string[] =>
  Object.entries(sorted(environment)).map(([name, value]) => `${name}=${value}`);

const sorted = <Value>(values: Record<string, Value>): Record<string, Value> =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
