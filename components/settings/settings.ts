import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import * as defaults from "./defaults";
import { crossCheck } from "./checks";
import type { Entry } from "./entries";
import { schema } from "./schema";
import type { Architecture } from "../types";

export type { Entry };

/** The namespace of the settings in the stack's configuration. */
export const namespace = "gitlab-fargate-runners";

type Parsed = z.output<typeof schema>;
type Completed = "groups" | "projects" | "instanceRunners" | "sizes" | "image" | "network" | "host";

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
  /** Of an image that was built elsewhere. */
  uri?: string;
  /** With the additional packages among them. */
  buildArgs: Record<string, string>;
}

export interface NetworkSettings {
  vpcId?: string;
  subnetIds?: string[];
  assignPublicIp: boolean;
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
  runner: ArchiveSettings;
  go: ArchiveSettings;
}

export interface ArchiveSettings {
  version: string;
  /** Address of the mirror, without a slash at its end. */
  baseUrl: string;
  sha256: string;
}

/**
 * The stack's settings, checked and completed; the only reader of the stack's configuration.
 *
 * @throws pulumi.RunError that lists all errors with path and reason
 */
export function loadSettings(): Settings {
  const all = pulumi.runtime.allConfig();
  const prefix = `${namespace}:`;
  const own = Object.entries(all).filter(([key]) => key.startsWith(prefix));
  const raw = Object.fromEntries(own.map(([key, text]) => [key.slice(prefix.length), structured(text)]));
  return parseSettings(raw, all["gitlab:baseUrl"] ?? process.env.GITLAB_BASE_URL);
}

/** Lists and objects come as JSON, everything else as its text; no setting is a text that reads "true" or "false". */
export function structured(text: string): unknown {
  if (!/^(\s*[[{]|true$|false$)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** As {@link loadSettings}, from values. @param gitlabApiUrl the GitLab API's base URL, ending in /api/v4/ */
export function parseSettings(raw: Record<string, unknown>, gitlabApiUrl = defaults.gitlabApiUrl): Settings {
  const parsed = schema.safeParse(raw);
  const errors = [...(parsed.success ? [] : parsed.error.issues.flatMap(describe)), ...crossCheck(raw)];
  if (!parsed.success || errors.length > 0) {
    throw new pulumi.RunError(
      `The stack's settings (${namespace}:…) are wrong:\n${errors.map((e) => `  ${e}`).join("\n")}`,
    );
  }
  return resolve(parsed.data, gitlabApiUrl);
}

function describe(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${formatPath([...issue.path, key])}: ${issue.message}`);
  }
  return [`${formatPath(issue.path)}: ${issue.message.replace(/^Invalid input: /, "")}`];
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[\w-]+$/.test(String(part))) return `[${JSON.stringify(String(part))}]`;
      return index === 0 ? String(part) : `.${String(part)}`;
    })
    .join("");
}

/** Completes what depends on other settings. */
function resolve(parsed: Parsed, gitlabApiUrl: string): Settings {
  const { groups, projects, instanceRunners, network, host, ...rest } = parsed;
  const { packages, buildArgs, ...image } = parsed.image;
  const assignPublicIp = network.assignPublicIp ?? defaults.assignPublicIp(network.vpcId);
  const architecture = host.architecture ?? parsed.architecture;
  const { proxy } = host.connection;
  return {
    ...rest,
    entries: [...groups, ...projects, ...instanceRunners],
    sizes: parsed.sizes as Record<string, Size>,
    gitlabUrl: gitlabApiUrl.replace(/\/+$/, "").replace(/\/api\/v4$/, ""),
    image: { ...image, buildArgs: { ...buildArgs, ...extraPackages(packages) } },
    network: { ...network, assignPublicIp },
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
