/** The schema of what GitLab Runner itself is told of each runner: in `runners` for all, in an entry for this one. */
import { z } from "zod";
import { strict } from "./values";

/** As config.toml has it; what is left out is the runner's default. */
export interface RunnerSettings {
  /** KiB. */
  outputLimit?: number;
  /** By name. */
  environment?: Record<string, string>;
  featureFlags?: Record<string, boolean>;
  preGetSourcesScript?: string;
  postGetSourcesScript?: string;
  preBuildScript?: string;
  postBuildScript?: string;
  customBuildDir?: boolean;
  cloneUrl?: string;
  requestConcurrency?: number;
}

const variable = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, "not a variable's name of letters, digits and underscores")
  .refine((name) => name !== "FARGATE_TASK_DEFINITION", "is what an entry's size sets");

const flag = z.string().regex(/^FF_[A-Z0-9_]+$/, "not the name of a feature flag, like FF_USE_FASTZIP");

const shell = (description: string, value: string, example: string) =>
  z
    .string()
    .min(1)
    .optional()
    .meta({ description: `Shell commands that each job runs ${description}.`, default: value, example });

/** @param general what the default of a key is, by its name */
const runnerSettings = (general: (key: keyof RunnerSettings, runners: string) => string) => ({
  outputLimit: z
    .int()
    .min(1)
    .optional()
    .meta({
      description: "KiB of a job's log that GitLab gets; the rest is cut off.",
      default: general("outputLimit", "the runner's 4096"),
      example: 16384,
    }),
  environment: z
    .record(variable, z.string("not a text; put it in quotes"))
    .optional()
    .meta({
      description:
        "Variables of every job, which GitLab's own variables of the same name override. Jobs can print them, and " +
        "GitLab masks none of them in a log.",
      type: "name → string",
      default: general("environment", "none"),
      example: { CACHE_COMPRESSION_LEVEL: "fast" },
    }),
  featureFlags: z
    .record(flag, z.boolean())
    .optional()
    .meta({
      description: "Feature flags of GitLab Runner; a job's variable of the same name overrides one.",
      type: "name → boolean",
      default: general("featureFlags", "the runner's"),
      example: { FF_USE_FASTZIP: true },
    }),
  preGetSourcesScript: shell(
    "before it gets its sources",
    general("preGetSourcesScript", "none"),
    "git config --global http.postBuffer 524288000",
  ),
  postGetSourcesScript: shell(
    "after it has got its sources",
    general("postGetSourcesScript", "none"),
    "git log -1 --oneline",
  ),
  preBuildScript: shell(
    "before its script, after cache and artifacts",
    general("preBuildScript", "none"),
    "export NPM_CONFIG_REGISTRY=https://npm.example.com",
  ),
  postBuildScript: shell("after its script, where that has not failed", general("postBuildScript", "none"), "df -h"),
  customBuildDir: z
    .boolean()
    .optional()
    .meta({
      description: "Lets jobs choose a folder below `CI_BUILDS_DIR` for their sources, by `GIT_CLONE_PATH`.",
      default: general("customBuildDir", "`true`"),
      example: false,
    }),
  cloneUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description: "Where jobs clone from instead of GitLab's own address: scheme, host and port.",
      default: general("cloneUrl", "as GitLab says"),
      example: "https://gitlab.internal.example.com",
    }),
  requestConcurrency: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .meta({
      description: "How many jobs each host asks GitLab for at once, for a runner.",
      default: general("requestConcurrency", "the runner's 1"),
      example: 4,
    }),
});

export const runners = strict(runnerSettings((_, runner) => runner)).prefault({});

export const ofEntry = strict(runnerSettings((key) => `\`runners.${key}\``)).prefault({});

/** Of an entry: what it says itself, and of variables and feature flags those that only all runners have too. */
export function mergedRunnerSettings(all: RunnerSettings, own: RunnerSettings): RunnerSettings {
  return {
    ...all,
    ...own,
    ...((all.environment ?? own.environment) && { environment: { ...all.environment, ...own.environment } }),
    ...((all.featureFlags ?? own.featureFlags) && { featureFlags: { ...all.featureFlags, ...own.featureFlags } }),
  };
}
