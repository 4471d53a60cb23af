import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import * as defaults from "./defaults";
import { schema } from "./settings-schema";

/** The namespace of the settings in the stack's configuration. */
export const namespace = "gitlab-fargate-runners";

type Parsed = z.output<typeof schema>;

/** An entry of `groups`, `projects` or `instanceRunners`: one runner in GitLab. */
export type Entry = Parsed["groups"][number];
export type Size = { cpu: number; memory: number; ephemeralStorage?: number };
export type Settings = ReturnType<typeof resolve>;

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

/** Lists and objects come as JSON, everything else as its text. */
function structured(text: string): unknown {
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

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** What concerns two settings; on the raw values, so that it is told beside errors of other settings. */
function crossCheck(raw: Record<string, unknown>): string[] {
  return [...unknownSizes(raw), ...unreachableHost(raw), ...missingChecksums(raw)];
}

function unknownSizes(raw: Record<string, unknown>): string[] {
  const sizes = [...new Set(["default", ...Object.keys(record(raw.sizes))])];
  return ["groups", "projects", "instanceRunners"].flatMap((list) =>
    (Array.isArray(raw[list]) ? raw[list] : []).flatMap((entry, index) => {
      const { size } = record(entry);
      if (typeof size !== "string" || sizes.includes(size)) return [];
      return [`${list}[${index}].size: no size '${size}'; sizes are ${sizes.join(", ")}`];
    }),
  );
}

function unreachableHost(raw: Record<string, unknown>): string[] {
  const { vpcId, assignPublicIp = vpcId === undefined } = record(raw.network);
  const { address } = record(record(raw.host).connection);
  if (address !== "public" || assignPublicIp !== false) return [];
  return ["host.connection.address: the host has no public address, as network.assignPublicIp is false"];
}

function missingChecksums(raw: Record<string, unknown>): string[] {
  const { runner, go } = record(raw.host);
  const errors: string[] = [];
  const { version = defaults.runner.version, sha256 } = record(runner);
  if (sha256 === undefined) {
    const binary = `gitlab-runner-linux-${raw.architecture === "arm64" ? "arm64" : "amd64"}`;
    errors.push(
      `host.runner.sha256: required: the line "binaries/${binary}" of ${defaults.runner.baseUrl}/v${version}/release.sha256`,
    );
  }
  const wanted = record(go);
  if (wanted.sha256 === undefined && (wanted.version ?? defaults.go.version) !== defaults.go.version) {
    errors.push(`host.go.sha256: required with another version; https://go.dev/dl/?mode=json&include=all lists it`);
  }
  return errors;
}

/** Completes what depends on other settings. */
function resolve(parsed: Parsed, gitlabApiUrl: string) {
  const { groups, projects, instanceRunners, architecture, network, host, ...rest } = parsed;
  const assignPublicIp = network.assignPublicIp ?? network.vpcId === undefined;
  return {
    ...rest,
    architecture,
    entries: [...groups, ...projects, ...instanceRunners] as Entry[],
    sizes: parsed.sizes as Record<string, Size>,
    /** GitLab's own address, without /api/v4. */
    gitlabUrl: gitlabApiUrl.replace(/\/+$/, "").replace(/\/api\/v4$/, ""),
    network: { ...network, assignPublicIp },
    host: {
      ...host,
      instanceType: host.instanceType ?? defaults.instanceType[architecture],
      connection: {
        user: host.connection.user,
        address: host.connection.address ?? (assignPublicIp ? "public" : "private"),
      },
      runner: { ...host.runner, sha256: host.runner.sha256 as string },
      go: { ...host.go, sha256: host.go.sha256 ?? defaults.go.sha256[architecture] },
    },
  };
}
