import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import * as defaults from "./defaults";
import { crossCheck } from "./checks";
import type { Entry } from "./entries";
import { asWritten, entriesOf } from "./entry-path";
import { accessOf, addressErrors, tokenErrors, type GitLabAccess } from "./gitlab-access";
import { describeIssues, sentences } from "./messages";
import type { HttpProxy } from "./http-proxy";
import { mergedRunnerSettings } from "./runner-settings";
import { schema } from "./schema";
import { configurationAsFile } from "./run-configuration";
import { fileErrors, namespace } from "./stack-file";
import { structured } from "./values";
import { warningsOf } from "./warnings";
import type { Architecture } from "../types";

export { namespace, structured, type Entry };

type Parsed = z.output<typeof schema>;
type Completed = "groups" | "projects" | "instanceRunners" | "runners" | "sizes" | "image" | "network" | "host";

/** The stack's settings as docs/settings.md describes them, with everything filled in that has a default. */
export interface Settings extends Omit<Parsed, Completed> {
  /** `groups`, `projects` and `instanceRunners`, in this order. */
  entries: Entry[];
  /** By name; `default` is always there. */
  sizes: Record<string, Size>;
  /** GitLab's own address, without /api/v4. */
  gitlabUrl: string;
  image: ImageSettings;
  network: NetworkSettings;
  host: HostSettings;
}

export interface Size {
  /** CPU units, 1024 = 1 vCPU. */
  cpu: number;
  /** MiB. */
  memory: number;
  /** GiB. */
  ephemeralStorage?: number;
}

export interface ImageSettings {
  compression: "gzip" | "zstd";
  /** Of an image that was built elsewhere. */
  uri?: string;
  /** With the additional packages and the revision among them. */
  buildArgs: Record<string, string>;
}

export interface NetworkSettings {
  vpcId?: string;
  subnetIds?: string[];
  assignPublicIp: boolean;
  httpProxy?: HttpProxy;
}

type ParsedHost = Parsed["host"];
type ParsedConnection = ParsedHost["connection"];

export interface HostSettings extends Omit<
  ParsedHost,
  "architecture" | "instanceType" | "connection" | "runner" | "go"
> {
  architecture: Architecture;
  instanceType: string;
  connection: {
    user: string;
    address: "public" | "private";
    proxy?: ParsedConnection["proxy"];
  };
  runner: ArchiveSettings & { helperSha256?: string };
  go: ArchiveSettings;
}

export interface ArchiveSettings {
  version: string;
  /** Address of the mirror, without a slash at its end. */
  baseUrl: string;
  sha256: string;
}

/**
 * The stack's settings, checked and completed; the only reader of the stack's configuration. What is hardly meant is
 * told as a warning.
 *
 * @throws pulumi.RunError that lists all errors with path and reason
 */
export function loadSettings(): Settings {
  const all = pulumi.runtime.allConfig();
  const prefix = `${namespace}:`;
  const own = Object.entries(all).filter(([key]) => key.startsWith(prefix));
  const raw = Object.fromEntries(own.map(([key, text]) => [key.slice(prefix.length), structured(text)]));
  const found = [
    ...fileErrors(configurationAsFile(all)),
    ...tokenErrors(all["gitlab:token"] ?? process.env.GITLAB_TOKEN, raw),
  ];
  const settings = parseSettings(raw, all["gitlab:baseUrl"] ?? process.env.GITLAB_BASE_URL, found);
  for (const warning of warningsOf(settings)) void pulumi.log.warn(`${namespace}:${warning}`);
  return settings;
}

/** Apart from the settings, which go everywhere: nobody else in the program has the token. */
export const loadGitLabAccess = ({ gitlabUrl }: Settings): GitLabAccess =>
  accessOf(pulumi.runtime.allConfig(), gitlabUrl, process.env);

/**
 * As {@link loadSettings}, from values.
 *
 * @param gitlabApiUrl the GitLab API's base URL, with or without /api/v4/
 * @param found errors of other places, to be told with those of the values
 */
export function parseSettings(
  raw: Record<string, unknown>,
  gitlabApiUrl = defaults.gitlabApiUrl,
  found: readonly string[] = [],
): Settings {
  const parsed = schema.safeParse(raw, { error: sentences(schema), reportInput: true });
  const address = addressErrors(gitlabApiUrl, raw.allowPlainHttp);
  const errors = [
    ...found,
    ...address,
    ...(parsed.success ? [] : describeIssues(schema, parsed.error.issues, (path) => asWritten(raw, path))),
    ...crossCheck(raw),
  ];
  if (!parsed.success || errors.length > 0) {
    throw new pulumi.RunError(
      `The stack's settings (${namespace}:…) are wrong:\n${errors.map((e) => `  ${e}`).join("\n")}`,
    );
  }
  return resolve(parsed.data, raw, gitlabApiUrl);
}

/** Completes what depends on other settings. */
function resolve(parsed: Parsed, raw: Record<string, unknown>, gitlabApiUrl: string): Settings {
  const { groups, projects, instanceRunners, runners, network, host, ...rest } = parsed;
  const { packages, buildArgs, revision, ...image } = parsed.image;
  const assignPublicIp = network.assignPublicIp ?? defaults.assignPublicIp(network.vpcId);
  const architecture = host.architecture ?? parsed.architecture;
  const { proxy } = host.connection;
  const { kmsKeyArn } = parsed;
  const places = entriesOf(raw).map(([place]) => place);
  return {
    ...rest,
    entries: [...groups, ...projects, ...instanceRunners].map((entry, index) => ({
      ...entry,
      place: places[index],
      runner: mergedRunnerSettings(runners, entry.runner),
    })),
    sizes: parsed.sizes as Record<string, Size>,
    gitlabUrl: gitlabApiUrl.replace(/\/+$/, "").replace(/\/api\/v4$/, ""),
    image: {
      ...image,
      buildArgs: { ...buildArgs, ...extraPackages(packages), ...(revision && { REVISION: revision }) },
    },
    network: { ...network, assignPublicIp },
    // Each with its own key, or with the one for all that is the stack's own.
    cache: { ...(parsed.cache.bucket === undefined && kmsKeyArn && { kmsKeyArn }), ...parsed.cache },
    logs: { ...(kmsKeyArn && { kmsKeyId: kmsKeyArn }), ...parsed.logs },
    host: {
      ...host,
      architecture,
      instanceType: host.instanceType ?? defaults.instanceType[architecture],
      connection: {
        user: host.connection.user,
        address: host.connection.address ?? (assignPublicIp && proxy === undefined ? "public" : "private"),
        proxy,
      },
      runner: { ...host.runner, sha256: host.runner.sha256 as string },
      go: { ...host.go, sha256: host.go.sha256 ?? defaults.go.sha256[architecture] },
    },
  };
}

/** In a fixed order: another one would be another image. */
const extraPackages = (packages: readonly string[]): Record<string, string> =>
  packages.length === 0 ? {} : { EXTRA_PACKAGES: [...packages].sort().join(" ") };
