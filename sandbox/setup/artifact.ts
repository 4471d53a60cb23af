/**
 * Cached artifacts. Each lies in a folder of the cache named after a hash of all that it is made from, so a changed
 * recipe makes a new folder and an unchanged one costs a look at the disk. A build works in a temporary folder that
 * is renamed when it is whole: a killed build leaves nothing that looks ready.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import * as path from "node:path";
import { lock } from "./lock";
import { openLog, runner, type Run } from "./build-log";

interface BuildContext {
  /** The folder to fill; it has another name when the artifact is ready, so nothing in it may hold its path. */
  dir: string;
  /** Scratch space, removed after the build. */
  scratch: string;
  run: Run;
  /** Folder of a needed artifact. */
  need(artifact: Artifact): string;
}

export interface Artifact {
  name: string;
  /** Versions and other words that decide the result. */
  inputs: string[];
  /** Files that decide the result; their contents are hashed, a missing one counts as empty. */
  files?: string[];
  needs?: Artifact[];
  build(context: BuildContext): Promise<void>;
}

export interface ProgressEvent {
  artifact: string;
  state: "cached" | "building" | "done";
  /** Duration of the build, with state "done". */
  seconds?: number;
}

/** The hash that names an artifact's folder: of its inputs, its files and its needs' hashes. */
export function keyOf(artifact: Artifact): string {
  const hash = createHash("sha256");
  const add = (label: string, content: string | Buffer) => {
    // Lengths keep "ab"+"c" apart from "a"+"bc".
    hash.update(`${label}:${content.length}:`).update(content);
  };
  add("name", artifact.name);
  for (const input of artifact.inputs) add("input", input);
  for (const file of artifact.files ?? []) {
    add("file", path.basename(file));
    add("content", existsSync(file) ? readFileSync(file) : "");
  }
  for (const need of artifact.needs ?? []) add("need", keyOf(need));
  return hash.digest("hex").slice(0, 16);
}

export function folderOf(cache: string, artifact: Artifact): string {
  return path.join(cache, `${artifact.name}-${keyOf(artifact)}`);
}

export interface EnsureOptions {
  cache: string;
  onProgress(event: ProgressEvent): void;
  signal?: AbortSignal | undefined;
  /** Folder of the artifact `tools`, whose programs the build has in place of the machine's. */
  tools?: string | undefined;
}

/**
 * Makes sure that an artifact is in the cache; its needs must be there already.
 * Two processes that want the same artifact take turns, and the second finds it done.
 */
export async function ensure(artifact: Artifact, options: EnsureOptions): Promise<string> {
  const { cache, onProgress, signal } = options;
  const folder = folderOf(cache, artifact);
  if (existsSync(folder)) {
    await markUsed(folder);
    onProgress({ artifact: artifact.name, state: "cached" });
    return folder;
  }
  await mkdir(path.join(cache, "locks"), { recursive: true });
  await mkdir(path.join(cache, "logs"), { recursive: true });
  const unlock = await lock(path.join(cache, "locks", artifact.name), signal);
  try {
    if (existsSync(folder)) {
      onProgress({ artifact: artifact.name, state: "cached" });
      return folder;
    }
    await removeLeftovers(cache, artifact);
    onProgress({ artifact: artifact.name, state: "building" });
    const started = performance.now();
    await build(artifact, folder, options);
    onProgress({ artifact: artifact.name, state: "done", seconds: (performance.now() - started) / 1000 });
    return folder;
  } finally {
    await unlock();
  }
}

async function build(artifact: Artifact, folder: string, { cache, signal, tools }: EnsureOptions): Promise<void> {
  const temporary = `${folder}.partial`;
  const scratch = `${folder}.scratch`;
  const log = openLog(path.join(cache, "logs", `${artifact.name}.log`));
  try {
    await mkdir(temporary, { recursive: true });
    await mkdir(scratch, { recursive: true });
    const need = (needed: Artifact) => folderOf(cache, needed);
    await artifact.build({ dir: temporary, scratch, run: runner(log, { signal, tools }), need });
    signal?.throwIfAborted();
    await markUsed(temporary);
    await rename(temporary, folder);
  } catch (error) {
    throw new Error(`building ${artifact.name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    log.end();
    await rm(temporary, { recursive: true, force: true });
    await rm(scratch, { recursive: true, force: true });
  }
}

/** How long an outdated version of an artifact is kept: another checkout may still use it. */
const keepUnusedMs = 14 * 24 * 3600 * 1000;

async function markUsed(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now);
}

/** What killed builds of this artifact left, and versions out of use; the caller holds the artifact's lock. */
async function removeLeftovers(cache: string, artifact: Artifact): Promise<void> {
  const pattern = new RegExp(`^${artifact.name}-[0-9a-f]{16}(\\.partial|\\.scratch)?$`);
  for (const entry of await readdir(cache)) {
    const [match, suffix] = pattern.exec(entry) ?? [];
    if (!match) continue;
    const folder = path.join(cache, entry);
    const age = Date.now() - (await stat(folder)).mtimeMs;
    if (suffix || age > keepUnusedMs) await rm(folder, { recursive: true, force: true });
  }
}
