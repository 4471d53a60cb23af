import { stringify, type TomlTable } from "smol-toml";
import { proxyVariables } from "../host/http-proxy";
import { jobPaths, paths } from "../host/paths";
import type { HttpProxy } from "../settings/http-proxy";
import type { RunnerSettings } from "../settings/runner-settings";
import { environmentList, runnerKeys } from "./runner-keys";

export interface ConfigTomlArgs {
  gitlabUrl: string;
  /** Jobs at once on a host, all runners together. */
  concurrency: number;
  runners: readonly ConfigRunner[];
  cache?: ConfigCache;
  /**
   * File with the certificates of private authorities. The runner trusts them beside the system's, and hands them to
   * jobs for git and for artifacts.
   */
  caFile?: string;
  /** Of the jobs; the runner itself has it from its unit. */
  httpProxy?: HttpProxy;
}

interface ConfigCache {
  bucket: string;
  region: string;
  /**
   * ARN of the role that archives are transferred with in parts.
   * @default none: by presigned URLs
   */
  transferRole?: string;
  /** ARN of the KMS key that encrypts the archives. */
  kmsKey?: string;
}

interface ConfigRunner {
  /** Names the entry in errors. */
  key: string;
  name: string;
  /** Secret. */
  token: string;
  /** Jobs at once of this runner, on a host. */
  limit?: number;
  /** family:revision; fargate.toml's where left out. */
  taskDefinition?: string;
  /**
   * Of fargate.toml's profiles.
   * @default none
   */
  profile?: string;
  /**
   * What GitLab Runner itself is told of it.
   * @default the runner's own defaults
   */
  settings?: RunnerSettings;
}

/**
 * The runner's config.toml.
 *
 * @throws Error naming the entries whose tokens are missing or the same
 * @see https://docs.gitlab.com/runner/configuration/advanced-configuration/
 */
export function configToml(args: ConfigTomlArgs): string {
  checkTokens(args.runners);
  const runners = [...args.runners].sort((a, b) => (a.key < b.key ? -1 : 1));
  return stringify({
    // A long poll holds a slot, so every runner needs its own besides those of the jobs; `limit` below bounds the jobs.
    concurrent: sum(runners.map(({ settings }) => settings?.requestConcurrency ?? 1)) + args.concurrency,
    check_interval: 3,
    log_level: "info",
    // Seconds; above graceful_kill_timeout + force_kill_timeout + the clean-up of a job, or a SIGTERM skips the latter.
    shutdown_timeout: 300,
    runners: runners.map((runner) => runnerTable(runner, args)),
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function runnerTable(runner: ConfigRunner, args: ConfigTomlArgs): TomlTable {
  const { gitlabUrl, concurrency, cache, caFile, httpProxy } = args;
  const { settings = {}, taskDefinition, profile } = runner;
  const environment = {
    ...proxyVariables(httpProxy),
    ...settings.environment,
    ...(taskDefinition && { FARGATE_TASK_DEFINITION: taskDefinition }),
  };
  return {
    name: runner.name,
    url: gitlabUrl,
    // token_expires_at is left out: with it, the runner would rotate the token and write this file itself, and could
    // undo what a later deployment has written.
    token: runner.token,
    ...(caFile !== undefined && { "tls-ca-file": caFile }),
    limit: Math.min(runner.limit ?? concurrency, concurrency),
    executor: "custom",
    shell: "bash",
    builds_dir: jobPaths.builds,
    cache_dir: jobPaths.cache,
    ...(Object.keys(environment).length > 0 && { environment: environmentList(environment) }),
    ...runnerKeys(settings),
    custom: {
      ...driverCall(profile, "config", 60),
      // `prepare` waits for one of the host's slots, which may take as long as the jobs that hold them, and for capacity
      // (SlotTimeout and CapacityTimeout in fargate.toml), and for the task's start.
      ...driverCall(profile, "prepare", 5400),
      ...driverCall(profile, "run"),
      ...driverCall(profile, "cleanup", 600),
      // Below the five minutes that the runner waits for an aborted job. Otherwise its clean-up overlaps a script that
      // still runs.
      graceful_kill_timeout: 120,
      force_kill_timeout: 10,
    },
    ...(cache && { cache: cacheTable(cache) }),
  };
}

function cacheTable({ bucket, region, transferRole, kmsKey }: ConfigCache): TomlTable {
  return {
    Type: "s3",
    // Otherwise the archives' path holds the runner's token, and the runner finds no cache after a new token.
    Shared: true,
    s3: {
      // The runner signs with the host's instance profile, and jobs get presigned URLs.
      AuthenticationType: "iam",
      BucketName: bucket,
      BucketLocation: region,
      // The SDK refuses dual-stack addresses beside an endpoint that is set in the environment.
      DualStack: false,
      // Known since runner 17.8. With it jobs get credentials of the role, cut down to one archive. UploadRoleARN would
      // leave downloads as they are, but is deprecated.
      ...(transferRole !== undefined && { RoleARN: transferRole, ...keyOfTransfers(kmsKey) }),
    },
  };
}

/** Only a key that is named here may be used with the credentials that jobs get. */
const keyOfTransfers = (kmsKey?: string): TomlTable =>
  kmsKey === undefined ? {} : { ServerSideEncryption: "KMS", ServerSideEncryptionKeyID: kmsKey };

/** Jobs cannot change the arguments of a call, as they can change its environment. */
function driverCall(profile: string | undefined, call: string, timeout?: number): TomlTable {
  return {
    [`${call}_exec`]: paths.driver,
    [`${call}_args`]: ["--config", paths.fargateToml, ...(profile ? ["--profile", profile] : []), "custom", call],
    ...(timeout !== undefined && { [`${call}_exec_timeout`]: timeout }),
  };
}

/** The runner's own lint accepts such tokens, and the runner would go wrong with them. */
function checkTokens(runners: readonly ConfigRunner[]): void {
  const keyOf = new Map<string, string>();
  for (const { key, token } of runners) {
    if (!token) throw new Error(`${key}: GitLab has given no token for this runner`);
    const other = keyOf.get(token);
    if (other !== undefined) throw new Error(`${key} and ${other} have the same token`);
    keyOf.set(token, key);
  }
}
