/** Which registry has which layer: buildah remembers it outside of its storage. */
import { existsSync, rmdirSync, rmSync } from "node:fs";
import * as path from "node:path";

/** Where a buildah of root's has it, whatever its settings are (seen with 1.28). */
const ofRoot = "/var/lib/containers/cache/blob-info-cache-v1.boltdb";

/**
 * The machine's own podman or buildah may have such a file, which then stays. One that was not there is the sandbox's.
 * @returns takes away what has come since the call, with its folders where they are empty
 */
export function blobInfoCacheRemover(file = ofRoot): () => void {
  if (existsSync(file)) return () => {};
  const folders = [path.dirname(file), path.dirname(path.dirname(file))].filter((folder) => !existsSync(folder));
  return () => {
    rmSync(file, { force: true });
    for (const folder of folders) {
      try {
        rmdirSync(folder);
      } catch {
        return; // Another program has put something there, or nothing was made.
      }
    }
  };
}
