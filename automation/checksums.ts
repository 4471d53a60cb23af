/** `checksums`: looks up what a version of GitLab Runner consists of, and pins it in a stack file. */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { EnvHttpProxyAgent, fetch } from "undici";
import * as defaults from "../components/settings/defaults";
import { helperFile, runnerFile } from "../components/jobs/runner-helper";
import { namespace, structured } from "../components/settings/settings";
import { runnerVersion } from "../components/settings/versions";
import type { Architecture } from "../components/types";
import { UserError } from "./errors";
import { tell, write } from "./output";
import { parseChecksums } from "./release-checksums";
import { gitlabKey, whyUnverified } from "./release-signature";
import { fileOf } from "./stack-file-read";
import { setText } from "./stack-file-value";
import { valueOf } from "./stack-file-yaml";
import { projectDir } from "./stack";

export interface ChecksumFlags {
  /** Whose file is edited; left out: the checksums are printed. */
  stack?: string;
  /** Whether checksums that GitLab is not known to have signed are refused. */
  requireSignature?: boolean;
}

/** @param version left out: the stack's, or the default */
export async function checksums(
  version: string | undefined,
  flags: ChecksumFlags,
  { key = gitlabKey, folder = projectDir } = {},
): Promise<number> {
  const file = flags.stack === undefined ? undefined : path.join(folder, fileOf(flags.stack));
  const stack = read(file);
  const release = version?.replace(/^v/, "") ?? stack.version;
  const wrong = runnerVersion.safeParse(release).error?.issues[0].message;
  if (wrong !== undefined) throw new UserError(wrong);
  const address = `${stack.baseUrl}/v${release}/release.sha256`;
  const text = await fetched(address);
  const why = await whyNotSigned(address, text, key).catch((error: Error) => {
    throw error instanceof UserError ? new UserError(`${address}: ${error.message}`) : error;
  });
  if (why !== undefined && flags.requireSignature) throw new UserError(`${address} is not verified: ${why}`);
  tell(why === undefined ? `${address} is signed by GitLab` : `${address} is not verified: ${why}`);

  const known = parseChecksums(text);
  const sum = (name: string): string => {
    const found = known.get(name);
    if (found === undefined) throw new UserError(`${address} has no ${name}`);
    return found;
  };
  if (file === undefined) {
    const all = (["x86_64", "arm64"] as const).flatMap((one) => [runnerFile(one), helperFile(one)]);
    write("-", all.map((name) => `${sum(name)}  ${name}\n`).join(""));
    return 0;
  }
  const pinned = {
    version: release,
    sha256: sum(runnerFile(stack.hosts)),
    helperSha256: sum(helperFile(stack.tasks)),
  };
  const edit = (before: string, [name, value]: [string, string]) => setText(before, [...place, name], value);
  // As the file is now: somebody may have changed it meanwhile.
  writeFileSync(file, Object.entries(pinned).reduce(edit, readFileSync(file, "utf8")));
  tell(`${path.basename(file)} has the checksums of GitLab Runner ${release} now`);
  return 0;
}

const place = ["config", `${namespace}:host`, "runner"];

interface OfStack {
  version: string;
  baseUrl: string;
  hosts: Architecture;
  tasks: Architecture;
}

function read(file: string | undefined): OfStack {
  const config = file === undefined ? {} : configOf(file);
  const host = record(config[`${namespace}:host`]);
  const runner = record(host.runner);
  const tasks = architecture(config[`${namespace}:architecture`], defaults.architecture);
  return {
    version: text(runner.version, defaults.runner.version),
    baseUrl: text(runner.baseUrl, defaults.runner.baseUrl).replace(/\/+$/, ""),
    hosts: architecture(host.architecture, tasks),
    tasks,
  };
}

function configOf(file: string): Record<string, unknown> {
  try {
    return record(record(valueOf(readFileSync(file, "utf8"), path.basename(file))).config);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new UserError(`there is no ${path.basename(file)}`);
    if (error instanceof UserError) throw error;
    throw new UserError(`${path.basename(file)} cannot be read: ${(error as Error).message}`);
  }
}

/** A map, also where it is written as JSON in a text. */
function record(value: unknown): Record<string, unknown> {
  const given = typeof value === "string" ? structured(value) : value;
  return typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
}

const text = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);
const architecture = (value: unknown, otherwise: Architecture): Architecture =>
  value === "x86_64" || value === "arm64" ? value : otherwise;

/** Through the proxy of the environment, where there is one (HTTPS_PROXY, NO_PROXY). */
async function fetched(url: string): Promise<string> {
  const options = { dispatcher: new EnvHttpProxyAgent(), signal: AbortSignal.timeout(30_000) };
  const response = await fetch(url, options).catch((error: Error) => {
    throw new UserError(`${url} cannot be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`);
  });
  if (!response.ok) throw new UserError(`${url}: ${response.status} ${response.statusText}`);
  return response.text();
}

async function whyNotSigned(address: string, text: string, key: typeof gitlabKey): Promise<string | undefined> {
  let parts: string[];
  try {
    parts = await Promise.all([fetched(`${address}.asc`), fetched(key.url)]);
  } catch (error) {
    return (error as Error).message;
  }
  return whyUnverified({ text, signature: parts[0], key: parts[1] }, key.fingerprint);
}
