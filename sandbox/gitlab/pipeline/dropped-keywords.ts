/**
 * gitlab-ci-local keeps only the keywords of `cache:` and `image:`/`services:` that it uses itself. The others are taken
 * from the file: a cache with the same key and paths, an image of the same name. Included files are not looked at.
 */
import { isDeepStrictEqual } from "node:util";
import type { RawJob } from "./expander";

const cacheKeywords = ["fallback_keys", "untracked", "unprotect"];
const imageKeywords = ["pull_policy", "docker", "kubernetes"];

export function restoreDropped(documents: unknown[], jobs: Record<string, RawJob>): Record<string, RawJob> {
  const caches: RawJob[] = [];
  const images: RawJob[] = [];
  walk(documents, (node) => {
    if (cacheKeywords.some((key) => key in node)) caches.push(node);
    if (imageKeywords.some((key) => key in node) && typeof node.name === "string") images.push(node);
  });
  const image = (entry: RawJob) =>
    fill(
      entry,
      images.find((other) => other.name === entry.name),
      imageKeywords,
    );
  return mapValues(jobs, (job) => ({
    ...job,
    ...(job.cache && {
      cache: job.cache.map((entry: RawJob) =>
        fill(
          entry,
          caches.find((other) => sameCache(entry, other)),
          cacheKeywords,
        ),
      ),
    }),
    ...(job.image && { image: image(job.image) }),
    ...(job.services && { services: job.services.map(image) }),
  }));
}

const sameCache = (a: RawJob, b: RawJob) => isDeepStrictEqual([a.key, a.paths], [b.key, b.paths]);

function fill(entry: RawJob, source: RawJob | undefined, keywords: string[]): RawJob {
  const missing = keywords.filter((key) => source && key in source && !(key in entry));
  return { ...entry, ...Object.fromEntries(missing.map((key) => [key, source![key]])) };
}

/** Shows every mapping of the documents to `visit`. */
export function walk(value: unknown, visit: (node: RawJob) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) visit(value);
  for (const child of Object.values(value)) walk(child, visit);
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
