/**
 * What BuildKit's cache comes to for a whole image: a build of which nothing counts that has changed gives the image of
 * before, under the new tag, with the same digest. Comments do not count, nor arguments that the Dockerfile does not
 * take.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { BuildRequest } from "./buildah";
import { hashContext } from "./context-hash";

export class BuildCache {
  private readonly digests = new Map<string, string>();

  /** The digest of an earlier build that this one comes to. */
  async find(request: BuildRequest): Promise<string | undefined> {
    return this.digests.get(await keyOf(request));
  }

  async keep(request: BuildRequest, digest: string): Promise<void> {
    this.digests.set(await keyOf(request), digest);
  }
}

async function keyOf(request: BuildRequest): Promise<string> {
  const { context, dockerfile, buildArgs, labels, platform, target, compression } = request;
  const text = readFileSync(dockerfile, "utf8");
  const taken = new Set([...text.matchAll(/^\s*ARG\s+(\w+)/gim)].map(([, name]) => name!));
  const args = Object.entries(buildArgs).filter(([name]) => taken.has(name));
  const repositories = request.tags.map((tag) => tag.replace(/:[^:/]*$/, ""));
  const instructions = text.replace(/^\s*#.*\n/gm, "");
  const files = await hashContext(context, `${context}/.none`);
  const parts = [instructions, files, args.sort(), labels, platform, target, compression, repositories];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
