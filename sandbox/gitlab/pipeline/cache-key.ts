/** The key under which a job's cache is kept (https://docs.gitlab.com/ci/yaml/#cachekey). */
import { createHash } from "node:crypto";
import type { CacheDefinition } from "./definition";

/**
 * @param lastChange id of the last commit that changed a file, undefined where there is none
 * @param protectedRef protected and other branches don't share caches, unless `unprotect` is set
 */
export async function cacheKey(
  cache: Pick<CacheDefinition, "key" | "unprotect">,
  lastChange: (file: string) => Promise<string | undefined>,
  protectedRef: boolean,
): Promise<string> {
  return separated(await baseKey(cache.key, lastChange), cache.unprotect, protectedRef);
}

export function separated(key: string, unprotect: boolean, protectedRef: boolean): string {
  return unprotect ? key : `${key}-${protectedRef ? "protected" : "non_protected"}`;
}

async function baseKey(
  key: CacheDefinition["key"],
  lastChange: (file: string) => Promise<string | undefined>,
): Promise<string> {
  if (typeof key === "string") return key;
  if (!key?.files?.length) return key?.prefix ?? "default";
  const changes = await Promise.all([...key.files].sort().map(lastChange));
  const known = changes.filter((change): change is string => change !== undefined);
  const digest = known.length ? createHash("sha1").update(known.join("-")).digest("hex") : "default";
  return key.prefix ? `${key.prefix}-${digest}` : digest;
}
